//! Fetch URLs over HTTP/3 or HTTP/0.9 with quiche, one connection for all. The
//! options are those of quiche's own quiche-client, as far as they are here.
//! Exit code 1 when a URL did not arrive whole with status 200.

use pth_quiche::cli::{self, Args, Url};
use pth_quiche::{config, ending, flush, is_legacy, log, random, reported};
use pth_quiche::{Result, BUFFER, FLAGS, VALUED};
use quiche::h3::{self, NameValue};
use quiche::{ConnectionId, RecvInfo};
use std::collections::HashMap;
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::Duration;

const USAGE: &str = "quiche-client [--connect-to ADDRESS:PORT] [--dump-responses DIR] \
[--no-verify] [--trust-origin-ca-pem FILE] [--wire-version HEX] [--no-grease] [--early-data] \
[--http-version HTTP/3|HTTP/0.9|all] [--idle-timeout MS] [--cc-algorithm NAME] \
https://HOST[:PORT]/PATH ...";

/// What has come of a URL.
struct Fetch {
    url: Url,
    status: String,
    body: Vec<u8>,
    whole: bool,
}

struct Fetcher {
    conn: quiche::Connection,
    http: Option<h3::Connection>,
    streams: HashMap<u64, usize>, // stream: number of the URL
    asked: bool,
    fetches: Vec<Fetch>,
}

impl Fetcher {
    fn done(&self) -> bool {
        self.fetches.iter().all(|f| f.whole)
    }

    fn ask(&mut self) -> Result<()> {
        let legacy = is_legacy(self.conn.application_proto());
        if !legacy {
            self.http = Some(h3::Connection::with_transport(&mut self.conn, &h3::Config::new()?)?);
        }
        for (i, fetch) in self.fetches.iter().enumerate() {
            let stream = match &mut self.http {
                Some(http) => {
                    let fields = [
                        h3::Header::new(b":method", b"GET"),
                        h3::Header::new(b":scheme", b"https"),
                        h3::Header::new(b":authority", fetch.url.authority.as_bytes()),
                        h3::Header::new(b":path", fetch.url.path.as_bytes()),
                        h3::Header::new(b"user-agent", b"pth-quiche"),
                    ];
                    http.send_request(&mut self.conn, &fields, true)?
                }
                None => {
                    let line = format!("GET {}\r\n", fetch.url.path);
                    self.conn.stream_send(4 * i as u64, line.as_bytes(), true)?;
                    4 * i as u64
                }
            };
            self.streams.insert(stream, i);
        }
        self.asked = true;
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        let mut piece = vec![0; BUFFER];
        let Some(http) = &mut self.http else {
            let readable: Vec<u64> = self.conn.readable().collect();
            for stream in readable {
                while let Ok((n, fin)) = self.conn.stream_recv(stream, &mut piece) {
                    let Some(i) = self.streams.get(&stream) else { continue };
                    self.fetches[*i].body.extend_from_slice(&piece[..n]);
                    self.fetches[*i].status = "200".to_string();
                    self.fetches[*i].whole |= fin;
                }
            }
            return Ok(());
        };
        loop {
            let (stream, event) = match http.poll(&mut self.conn) {
                Ok(event) => event,
                Err(h3::Error::Done) => return Ok(()),
                Err(e) => return Err(e.into()),
            };
            let Some(i) = self.streams.get(&stream) else { continue };
            let fetch = &mut self.fetches[*i];
            match event {
                h3::Event::Headers { list, .. } => {
                    if let Some(status) = list.iter().find(|h| h.name() == b":status") {
                        fetch.status = String::from_utf8_lossy(status.value()).to_string();
                    }
                }
                h3::Event::Data => {
                    while let Ok(n) = http.recv_body(&mut self.conn, stream, &mut piece) {
                        fetch.body.extend_from_slice(&piece[..n]);
                    }
                }
                h3::Event::Finished => fetch.whole = true,
                h3::Event::Reset(code) => {
                    return Err(format!(
                        "{}: the server reset the stream: {code:#x}",
                        fetch.url.text
                    )
                    .into());
                }
                _ => (),
            }
        }
    }

    fn run(&mut self, socket: &UdpSocket, local: SocketAddr) -> Result<()> {
        let mut buffer = vec![0; BUFFER];
        let mut closing = false;
        loop {
            flush(&mut self.conn, socket)?;
            if self.conn.is_closed() {
                return if closing { Ok(()) } else { Err(ending(&self.conn).into()) };
            }
            if closing && self.conn.is_draining() {
                return Ok(());
            }
            let wait = self.conn.timeout().map(|t| t.max(Duration::from_micros(100)));
            socket.set_read_timeout(wait)?;
            match socket.recv_from(&mut buffer) {
                Ok((n, from)) => {
                    if let Err(e) = self.conn.recv(&mut buffer[..n], RecvInfo { from, to: local }) {
                        eprintln!("packet: {e}");
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => (),
                Err(e) if reported(&e) => (),
                Err(e) => return Err(e.into()),
            }
            if self.conn.timeout().is_some_and(|t| t.is_zero()) {
                self.conn.on_timeout();
            }
            if closing || !(self.conn.is_established() || self.conn.is_in_early_data()) {
                continue;
            }
            if !self.asked {
                self.ask()?;
            }
            self.read()?;
            if self.done() {
                // 0x100 is H3_NO_ERROR.
                self.conn.close(true, if self.http.is_some() { 0x100 } else { 0 }, b"")?;
                flush(&mut self.conn, socket)?;
                closing = true;
            }
        }
    }
}

fn save(args: &Args, fetches: &[Fetch]) -> Result<bool> {
    let mut ok = true;
    for fetch in fetches {
        let whole = if fetch.whole { "" } else { ", not whole" };
        eprintln!("{}: {}, {} bytes{whole}", fetch.url.text, fetch.status, fetch.body.len());
        ok &= fetch.whole && fetch.status == "200";
        match args.text("dump-responses") {
            Some(dir) => std::fs::write(Path::new(dir).join(fetch.url.file()), &fetch.body)?,
            None => std::io::stdout().write_all(&fetch.body)?,
        }
    }
    Ok(ok)
}

fn fetch(args: &Args) -> Result<bool> {
    let urls: Vec<Url> = args.words.iter().map(|w| Url::parse(args, w)).collect();
    let Some(first) = urls.first() else { args.refuse("no URL") };
    if urls.iter().any(|u| u.authority != first.authority) {
        args.refuse("the URLs are not all of the same server");
    }
    let to = args.text("connect-to").map_or(first.address(), str::to_string);
    let peer = to.to_socket_addrs()?.next().ok_or("no such address")?;
    let socket = UdpSocket::bind(if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(peer)?;
    let local = socket.local_addr()?;

    let version = args.text("wire-version").map(|v| u32::from_str_radix(v, 16)).transpose()?;
    let mut config = config(version.unwrap_or(quiche::PROTOCOL_VERSION), args)?;
    config.verify_peer(!args.has("no-verify"));
    if let Some(file) = args.text("trust-origin-ca-pem") {
        config.load_verify_locations_from_file(file).map_err(|e| format!("{file}: {e}"))?;
    }
    let host = first.host.clone();
    let id = random::<16>();
    let mut conn =
        quiche::connect(Some(&host), &ConnectionId::from_ref(&id), local, peer, &mut config)?;
    log(&mut conn, "client")?;
    let fetches = urls
        .into_iter()
        .map(|url| Fetch { url, status: "none".into(), body: Vec::new(), whole: false })
        .collect();
    let mut fetcher = Fetcher { conn, http: None, streams: HashMap::new(), asked: false, fetches };
    let result = fetcher.run(&socket, local);
    let ok = save(args, &fetcher.fetches)?;
    result.map(|()| ok)
}

fn main() -> std::process::ExitCode {
    let valued =
        [VALUED, &["connect-to", "dump-responses", "trust-origin-ca-pem", "wire-version"]].concat();
    let flags = [FLAGS, &["no-verify"]].concat();
    let args = cli::parse(USAGE, &valued, &flags);
    match fetch(&args) {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => std::process::ExitCode::FAILURE,
        Err(e) => {
            eprintln!("quiche-client: {e}");
            std::process::ExitCode::FAILURE
        }
    }
}
