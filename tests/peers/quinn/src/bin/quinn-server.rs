//! Serve the files below a directory with quinn, over HTTP/3 when the client
//! asks for h3, over HTTP/0.9 when it asks for hq-29. The options are those of
//! the example `server` in quinn's crate, and --alpn, which is ours.

use bytes::Bytes;
use pth_quinn::cli::{self, find_file, Args};
use pth_quinn::{certificates, log, Result, LEGACY};
use quinn::crypto::rustls::{HandshakeData, QuicServerConfig};
use rustls::pki_types::{pem::PemObject, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const USAGE: &str =
    "quinn-server --cert FILE --key FILE [--listen ADDRESS:PORT] [--keylog] [--stateless-retry] \
[--alpn NAME[,NAME]] DIRECTORY";

fn read(root: &Path, target: &str) -> Option<Vec<u8>> {
    let body = find_file(root, target).and_then(|path| std::fs::read(path).ok());
    match &body {
        Some(body) => println!("GET {target}: {} bytes", body.len()),
        None => println!("GET {target}: not found"),
    }
    body
}

/// HTTP/0.9: the request is a line, the answer the file, a failure a reset.
async fn serve_legacy(conn: quinn::Connection, root: Arc<Path>) -> Result<()> {
    loop {
        let (mut send, mut receive) = match conn.accept_bi().await {
            Ok(streams) => streams,
            Err(
                quinn::ConnectionError::ApplicationClosed(_)
                | quinn::ConnectionError::ConnectionClosed(_),
            ) => return Ok(()),
            Err(e) => return Err(e.into()),
        };
        let root = root.clone();
        tokio::spawn(async move {
            let request = receive.read_to_end(8192).await?;
            let line = String::from_utf8_lossy(&request);
            let mut words = line.split_whitespace();
            match (words.next(), read(&root, words.next().unwrap_or("/"))) {
                (Some("GET"), Some(body)) => {
                    send.write_all(&body).await?;
                    send.finish()?;
                }
                _ => send.reset(quinn::VarInt::from_u32(1))?,
            }
            Result::Ok(())
        });
    }
}

async fn serve_h3(conn: quinn::Connection, root: Arc<Path>) -> Result<()> {
    let mut http = h3::server::Connection::<_, Bytes>::new(h3_quinn::Connection::new(conn)).await?;
    loop {
        let resolver = match http.accept().await {
            Ok(Some(resolver)) => resolver,
            Ok(None) => return Ok(()),
            Err(e) if e.is_h3_no_error() => return Ok(()),
            Err(e) => return Err(e.into()),
        };
        let root = root.clone();
        tokio::spawn(async move {
            let (request, mut stream) = resolver.resolve_request().await?;
            let body = if request.method() == http::Method::GET {
                read(&root, request.uri().path())
            } else {
                None
            };
            let status = if body.is_some() { 200 } else { 404 };
            let body = body.unwrap_or_default();
            let head =
                http::Response::builder().status(status).header("content-length", body.len());
            stream.send_response(head.body(())?).await?;
            stream.send_data(Bytes::from(body)).await?;
            stream.finish().await?;
            Result::Ok(())
        });
    }
}

async fn serve(
    incoming: quinn::Incoming,
    config: Arc<quinn::ServerConfig>,
    root: Arc<Path>,
) -> Result<()> {
    let peer = incoming.remote_address();
    let conn = incoming.accept_with(config)?.await?;
    let data = conn.handshake_data().and_then(|d| d.downcast::<HandshakeData>().ok());
    let alpn = data.and_then(|d| d.protocol).unwrap_or_default();
    println!("{peer}: {}", String::from_utf8_lossy(&alpn));
    if alpn == b"h3" {
        serve_h3(conn, root).await
    } else {
        serve_legacy(conn, root).await
    }
}

fn configure(args: &Args) -> Result<quinn::ServerConfig> {
    let (Some(cert), Some(key)) = (args.text("cert"), args.text("key")) else {
        args.refuse("--cert and --key are needed");
    };
    let key = if key.ends_with(".der") {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(std::fs::read(key)?))
    } else {
        PrivateKeyDer::from_pem_file(key).map_err(|e| format!("{key}: {e}"))?
    };
    let mut tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates(cert)?, key)?;
    let alpn = args.text("alpn").unwrap_or(LEGACY);
    tls.alpn_protocols = alpn.split(',').map(|name| name.as_bytes().to_vec()).collect();
    if args.has("keylog") {
        tls.key_log = Arc::new(rustls::KeyLogFile::new());
    }
    Ok(quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?)))
}

async fn run(args: &Args) -> Result<()> {
    let config = configure(args)?;
    let root: PathBuf = args.words.first().unwrap_or_else(|| args.refuse("no directory")).into();
    let root: Arc<Path> =
        root.canonicalize().map_err(|e| format!("{}: {e}", root.display()))?.into();
    let listen = args.number("listen", "[::1]:4433".parse()?);
    let endpoint = quinn::Endpoint::server(config.clone(), listen)?;
    println!("listening on {}", endpoint.local_addr()?);
    loop {
        let incoming = tokio::select! {
            incoming = endpoint.accept() => incoming,
            _ = tokio::signal::ctrl_c() => break,
        };
        let Some(incoming) = incoming else { break };
        if args.has("stateless-retry") && !incoming.remote_address_validated() {
            incoming.retry()?;
            continue;
        }
        let mut transport = quinn::TransportConfig::default();
        log(&mut transport, "server")?;
        let mut config = config.clone();
        config.transport_config(Arc::new(transport));
        let root = root.clone();
        tokio::spawn(async move {
            let peer = incoming.remote_address();
            if let Err(e) = serve(incoming, Arc::new(config), root).await {
                eprintln!("{peer}: {e}");
            }
        });
    }
    endpoint.close(quinn::VarInt::from_u32(0), b"");
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let args =
        cli::parse(USAGE, &["cert", "key", "listen", "alpn"], &["keylog", "stateless-retry"]);
    if let Err(e) = run(&args).await {
        eprintln!("quinn-server: {e}");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}
