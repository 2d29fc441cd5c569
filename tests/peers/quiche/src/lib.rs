//! What quiche-server and quiche-client have in common.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::net::UdpSocket;
use std::path::Path;

#[path = "../../cli.rs"]
pub mod cli;
use cli::Args;

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Larger than a UDP datagram can be.
pub const BUFFER: usize = 65536;
/// What is sent at most: fits every path that QUIC works on with room to spare.
pub const DATAGRAM: usize = 1350;
const LEGACY: &[&[u8]] = &[b"hq-interop", b"hq-29", b"hq-28", b"hq-27", b"http/0.9"];

/// Options that both programs have: those of quiche's own.
pub const VALUED: &[&str] =
    &["http-version", "idle-timeout", "cc-algorithm", "max-data", "max-stream-data"];
pub const FLAGS: &[&str] = &["no-grease", "early-data"];

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let read = File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes));
    read.expect("/dev/urandom");
    bytes
}

pub fn is_legacy(alpn: &[u8]) -> bool {
    LEGACY.contains(&alpn)
}

pub fn config(version: u32, args: &Args) -> Result<quiche::Config> {
    let h3 = quiche::h3::APPLICATION_PROTOCOL;
    let all = [h3, LEGACY].concat();
    let mut config = quiche::Config::new(version)?;
    config.set_application_protos(match args.text("http-version").unwrap_or("all") {
        "HTTP/3" => h3,
        "HTTP/0.9" => LEGACY,
        "all" => &all,
        _ => args.refuse("--http-version: HTTP/3, HTTP/0.9 or all"),
    })?;
    if let Some(name) = args.text("cc-algorithm") {
        config.set_cc_algorithm_name(name)?;
    }
    config.grease(!args.has("no-grease"));
    if args.has("early-data") {
        config.enable_early_data();
    }
    if std::env::var_os("SSLKEYLOGFILE").is_some() {
        config.log_keys();
    }
    let stream = args.number("max-stream-data", 1_000_000);
    config.set_max_idle_timeout(args.number("idle-timeout", 30_000));
    config.set_max_recv_udp_payload_size(DATAGRAM);
    config.set_max_send_udp_payload_size(DATAGRAM);
    config.set_initial_max_data(args.number("max-data", 10_000_000));
    config.set_initial_max_stream_data_bidi_local(stream);
    config.set_initial_max_stream_data_bidi_remote(stream);
    config.set_initial_max_stream_data_uni(stream);
    config.set_initial_max_streams_bidi(100);
    config.set_initial_max_streams_uni(100);
    Ok(config)
}

/// Key log into SSLKEYLOGFILE and qlog into QLOGDIR, when these are set.
pub fn log(conn: &mut quiche::Connection, role: &str) -> Result<()> {
    if let Some(path) = std::env::var_os("SSLKEYLOGFILE") {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        conn.set_keylog(Box::new(file));
    }
    if let Some(dir) = std::env::var_os("QLOGDIR") {
        let name = format!("{role}-{}.sqlog", conn.trace_id());
        let file = File::create(Path::new(&dir).join(name))?;
        conn.set_qlog(Box::new(file), format!("quiche {role}"), conn.trace_id().to_string());
    }
    Ok(())
}

/// Send what a connection has to send.
pub fn flush(conn: &mut quiche::Connection, socket: &UdpSocket) -> Result<()> {
    let mut out = [0; DATAGRAM];
    loop {
        match conn.send(&mut out) {
            Ok((n, info)) => {
                // A datagram that the kernel refuses is a lost one.
                if let Err(e) = socket.send_to(&out[..n], info.to) {
                    eprintln!("send to {}: {e}", info.to);
                }
            }
            Err(quiche::Error::Done) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
    }
}

/// True when the error is what the network said, by ICMP, of a datagram that was sent before: too
/// big, or that nobody listens there, yet or any more. QUIC goes on until its own limit.
pub fn reported(e: &std::io::Error) -> bool {
    const EMSGSIZE: i32 = 90;
    const ENETUNREACH: i32 = 101;
    const ECONNREFUSED: i32 = 111;
    const EHOSTUNREACH: i32 = 113;
    matches!(e.raw_os_error(), Some(EMSGSIZE | ENETUNREACH | ECONNREFUSED | EHOSTUNREACH))
}

/// Why a connection ended, for the log.
pub fn ending(conn: &quiche::Connection) -> String {
    let error = |who, e: &quiche::ConnectionError| {
        let kind = if e.is_app { "application" } else { "transport" };
        format!("{who}: {kind} error {:#x} {}", e.error_code, String::from_utf8_lossy(&e.reason))
    };
    match (conn.peer_error(), conn.local_error()) {
        (Some(e), _) => error("closed by the peer", e),
        (_, Some(e)) => error("closed by us", e),
        _ if conn.is_timed_out() => "timed out".to_string(),
        _ => "closed".to_string(),
    }
}
