//! Fetch one URL with quinn and write it to stdout, over HTTP/3 with --alpn h3,
//! else over HTTP/0.9. The options are those of the example `client` in quinn's
//! crate, and --alpn, which is ours; --ca may be in PEM, too. What arrives is
//! saved in the directory DOWNLOADS, too, when that is set. Exit code 1 when the
//! URL did not arrive whole with status 200.

use bytes::Buf;
use pth_quinn::cli::{self, Args, Url};
use pth_quinn::{certificates, log, Result, LEGACY};
use quinn::crypto::rustls::QuicClientConfig;
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

const USAGE: &str =
    "quinn-client --ca FILE [--host NAME] [--bind ADDRESS:PORT] [--keylog] [--alpn NAME] \
https://HOST[:PORT]/PATH";

async fn fetch_legacy(conn: &quinn::Connection, url: &Url) -> Result<Vec<u8>> {
    let (mut send, mut receive) = conn.open_bi().await?;
    send.write_all(format!("GET {}\r\n", url.path).as_bytes()).await?;
    send.finish()?;
    Ok(receive.read_to_end(usize::MAX).await?)
}

async fn fetch_h3(conn: &quinn::Connection, url: &Url, host: &str) -> Result<Vec<u8>> {
    let (mut driver, mut requests) =
        h3::client::new(h3_quinn::Connection::new(conn.clone())).await?;
    let port = url.authority.rsplit_once(':').map_or("443", |(_, port)| port);
    let request = http::Request::get(format!("https://{host}:{port}{}", url.path))
        .header("user-agent", "pth-quinn");
    let fetch = async {
        let mut stream = requests.send_request(request.body(())?).await?;
        stream.finish().await?;
        let answer = stream.recv_response().await?;
        let mut body = Vec::new();
        while let Some(mut piece) = stream.recv_data().await? {
            body.extend_from_slice(&piece.copy_to_bytes(piece.remaining()));
        }
        if answer.status() != http::StatusCode::OK {
            return Err(answer.status().to_string().into());
        }
        Ok(body)
    };
    // The driver ends only with the connection.
    tokio::select! {
        body = fetch => body,
        e = std::future::poll_fn(|cx| driver.poll_close(cx)) => Err(e.into()),
    }
}

fn configure(args: &Args, alpn: &str) -> Result<quinn::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in
        certificates(args.text("ca").unwrap_or_else(|| args.refuse("--ca is needed")))?
    {
        roots.add(certificate)?;
    }
    let mut tls =
        rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    if args.has("keylog") {
        tls.key_log = Arc::new(rustls::KeyLogFile::new());
    }
    let mut transport = quinn::TransportConfig::default();
    log(&mut transport, "client")?;
    let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

async fn run(args: &Args) -> Result<()> {
    let [text] = &args.words[..] else { args.refuse("one URL is needed") };
    let url = Url::parse(args, text);
    let alpn = args.text("alpn").unwrap_or(LEGACY);
    let host = args.text("host").unwrap_or(&url.host);
    let peer = url.address().to_socket_addrs()?.next().ok_or("no such address")?;
    let mut endpoint =
        quinn::Endpoint::client(args.number::<SocketAddr>("bind", "[::]:0".parse()?))?;
    endpoint.set_default_client_config(configure(args, alpn)?);

    let conn = endpoint.connect(peer, host)?.await?;
    let body = match alpn {
        "h3" => fetch_h3(&conn, &url, host).await?,
        _ => fetch_legacy(&conn, &url).await?,
    };
    std::io::stdout().write_all(&body)?;
    if let Some(dir) = std::env::var_os("DOWNLOADS") {
        std::fs::write(Path::new(&dir).join(url.file()), &body)?;
    }
    eprintln!("{}: {} bytes", url.text, body.len());
    // 0x100 is H3_NO_ERROR.
    conn.close(quinn::VarInt::from_u32(if alpn == "h3" { 0x100 } else { 0 }), b"");
    endpoint.wait_idle().await;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let args = cli::parse(USAGE, &["ca", "host", "bind", "alpn"], &["keylog"]);
    if let Err(e) = run(&args).await {
        eprintln!("quinn-client: {e}");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}
