//! Serve the files below --root over HTTP/3 and HTTP/0.9 with quiche. The
//! options are those of quiche's own quiche-server, as far as they are here.

use pth_quiche::cli::{self, find_file, Args};
use pth_quiche::{config, ending, flush, is_legacy, log, random, Result, BUFFER, FLAGS, VALUED};
use quiche::h3::{self, NameValue};
use quiche::{ConnectionId, Header, RecvInfo, Type};
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

const USAGE: &str = "quiche-server --cert FILE --key FILE [--root DIR] [--listen ADDRESS:PORT] \
[--no-retry] [--no-grease] [--early-data] [--http-version HTTP/3|HTTP/0.9|all] \
[--idle-timeout MS] [--cc-algorithm NAME]";
const ID: usize = 16;
const TOKEN: &[u8] = b"pth-retry";

/// What is still to be sent on a stream. The status is taken when it was sent.
struct Answer {
    status: Option<u16>,
    body: Vec<u8>,
    sent: usize,
}

struct Client {
    conn: quiche::Connection,
    http: Option<h3::Connection>,
    requests: HashMap<u64, Option<Vec<u8>>>, // HTTP/0.9: what has come; None: answered
    answers: HashMap<u64, Answer>,
}

/// The answer to a request for a path; nothing outside of root is served.
fn answer(root: &Path, method: &[u8], target: &str) -> Answer {
    let body = find_file(root, target).and_then(|path| std::fs::read(path).ok());
    let (status, body) = match body {
        _ if method != b"GET" => (405, Vec::new()),
        Some(body) => (200, body),
        None => (404, Vec::new()),
    };
    println!("{} {target}: {status}, {} bytes", String::from_utf8_lossy(method), body.len());
    Answer { status: Some(status), body, sent: 0 }
}

impl Client {
    fn read(&mut self, root: &Path) -> Result<()> {
        if !self.conn.is_established() && !self.conn.is_in_early_data() {
            return Ok(());
        }
        if is_legacy(self.conn.application_proto()) {
            return self.read_legacy(root);
        }
        if self.http.is_none() {
            self.http = Some(h3::Connection::with_transport(&mut self.conn, &h3::Config::new()?)?);
        }
        let Some(http) = &mut self.http else { return Ok(()) };
        loop {
            match http.poll(&mut self.conn) {
                Ok((stream, h3::Event::Headers { list, .. })) => {
                    let field = |name: &[u8]| {
                        list.iter().find(|h| h.name() == name).map_or(&b""[..], |h| h.value())
                    };
                    let target = String::from_utf8_lossy(field(b":path"));
                    self.answers.insert(stream, answer(root, field(b":method"), &target));
                }
                Ok((stream, h3::Event::Data)) => {
                    let mut ignored = [0; 4096];
                    while http.recv_body(&mut self.conn, stream, &mut ignored).is_ok() {}
                }
                Ok((stream, h3::Event::Reset(_))) => {
                    self.answers.remove(&stream);
                }
                Ok(_) => (),
                Err(h3::Error::Done) => return Ok(()),
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// A request is a line, ended by a newline or by the end of the stream.
    fn read_legacy(&mut self, root: &Path) -> Result<()> {
        let mut piece = [0; 4096];
        let readable: Vec<u64> = self.conn.readable().collect();
        for stream in readable {
            while let Ok((n, fin)) = self.conn.stream_recv(stream, &mut piece) {
                let Some(request) = self.requests.entry(stream).or_insert(Some(Vec::new())) else {
                    continue;
                };
                request.extend_from_slice(&piece[..n]);
                if !fin && !request.contains(&b'\n') {
                    continue;
                }
                let line = String::from_utf8_lossy(request).into_owned();
                self.requests.insert(stream, None);
                let mut words = line.split_whitespace();
                let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
                let mut answer = answer(root, method.as_bytes(), target);
                answer.status = None;
                self.answers.insert(stream, answer);
            }
        }
        Ok(())
    }

    /// Give quiche as much of the answers as flow control takes.
    fn write(&mut self) -> Result<()> {
        let streams: Vec<u64> = self.answers.keys().copied().collect();
        for stream in streams {
            let Some(answer) = self.answers.get_mut(&stream) else { continue };
            let result = match &mut self.http {
                Some(http) => write_h3(http, &mut self.conn, stream, answer),
                None => match self.conn.stream_send(stream, &answer.body[answer.sent..], true) {
                    Ok(n) => {
                        answer.sent += n;
                        Ok(answer.sent == answer.body.len())
                    }
                    Err(quiche::Error::Done) => Ok(false),
                    Err(e) => Err(e.into()),
                },
            };
            match result {
                Ok(true) => {
                    self.answers.remove(&stream);
                }
                Ok(false) => (),
                Err(e) => {
                    // The peer does not want this stream any more.
                    eprintln!("stream {stream}: {e}");
                    self.answers.remove(&stream);
                }
            }
        }
        Ok(())
    }
}

/// True when the answer is complete.
fn write_h3(
    http: &mut h3::Connection,
    conn: &mut quiche::Connection,
    stream: u64,
    answer: &mut Answer,
) -> Result<bool> {
    if let Some(status) = answer.status {
        let fields = [
            h3::Header::new(b":status", status.to_string().as_bytes()),
            h3::Header::new(b"content-length", answer.body.len().to_string().as_bytes()),
        ];
        match http.send_response(conn, stream, &fields, answer.body.is_empty()) {
            Ok(()) => answer.status = None,
            Err(h3::Error::StreamBlocked | h3::Error::Done) => return Ok(false),
            Err(e) => return Err(e.into()),
        }
    }
    while answer.sent < answer.body.len() {
        match http.send_body(conn, stream, &answer.body[answer.sent..], true) {
            Ok(n) => answer.sent += n,
            Err(h3::Error::Done) => return Ok(false),
            Err(e) => return Err(e.into()),
        }
    }
    Ok(true)
}

/// The token says which address was asked and the first connection id. It is
/// not protected: this is a server for tests.
fn mint(peer: SocketAddr, first: &ConnectionId) -> Vec<u8> {
    let address = peer.to_string();
    [TOKEN, &[address.len() as u8], address.as_bytes(), first.as_ref()].concat()
}

fn redeem(peer: SocketAddr, token: &[u8]) -> Option<ConnectionId<'static>> {
    let prefix = mint(peer, &ConnectionId::from_ref(&[]));
    token.strip_prefix(&prefix[..]).map(|id| ConnectionId::from_vec(id.to_vec()))
}

struct Server {
    socket: UdpSocket,
    local: SocketAddr,
    config: quiche::Config,
    retry: bool,
    root: PathBuf,
    clients: HashMap<u64, Client>,
    ids: HashMap<Vec<u8>, u64>,
    next: u64,
}

impl Server {
    /// Answer a packet of no connection: with a new one, a Retry or a Version
    /// Negotiation. The number of the connection when there is one.
    fn accept(&mut self, header: &Header, peer: SocketAddr) -> Result<Option<u64>> {
        let mut out = [0; 1500];
        if header.ty != Type::Initial {
            return Ok(None);
        }
        let reply = if !quiche::version_is_supported(header.version) {
            Some(quiche::negotiate_version(&header.scid, &header.dcid, &mut out)?)
        } else if self.retry && header.token.as_ref().is_none_or(|t| t.is_empty()) {
            let id = ConnectionId::from_vec(random::<ID>().to_vec());
            let token = mint(peer, &header.dcid);
            Some(quiche::retry(&header.scid, &header.dcid, &id, &token, header.version, &mut out)?)
        } else {
            None
        };
        if let Some(n) = reply {
            self.socket.send_to(&out[..n], peer)?;
            return Ok(None);
        }
        let (id, first) = if self.retry {
            let Some(first) = redeem(peer, header.token.as_deref().unwrap_or(&[])) else {
                return Ok(None);
            };
            (header.dcid.to_vec(), Some(first))
        } else {
            (random::<ID>().to_vec(), None)
        };
        let scid = ConnectionId::from_ref(&id);
        let mut conn = quiche::accept(&scid, first.as_ref(), self.local, peer, &mut self.config)?;
        log(&mut conn, "server")?;
        self.next += 1;
        // The client uses the id of its own making until it has seen ours.
        self.ids.insert(header.dcid.to_vec(), self.next);
        self.ids.insert(id, self.next);
        let client = Client { conn, http: None, requests: HashMap::new(), answers: HashMap::new() };
        self.clients.insert(self.next, client);
        Ok(Some(self.next))
    }

    fn receive(&mut self, datagram: &mut [u8], peer: SocketAddr) -> Result<()> {
        let header = Header::from_slice(datagram, ID)?;
        let number = match self.ids.get(header.dcid.as_ref()) {
            Some(number) => *number,
            None => match self.accept(&header, peer)? {
                Some(number) => number,
                None => return Ok(()),
            },
        };
        let Some(client) = self.clients.get_mut(&number) else { return Ok(()) };
        client.conn.recv(datagram, RecvInfo { from: peer, to: self.local })?;
        while client.conn.is_established() && client.conn.scids_left() > 0 {
            let id = random::<ID>();
            let token = u128::from_be_bytes(random());
            if client.conn.new_scid(&ConnectionId::from_ref(&id), token, false).is_err() {
                break;
            }
            self.ids.insert(id.to_vec(), number);
        }
        client.read(&self.root)
    }

    /// Send, and forget the connections that have ended.
    fn settle(&mut self) {
        let mut gone = Vec::new();
        for (number, client) in &mut self.clients {
            let sent = client.write().and_then(|()| flush(&mut client.conn, &self.socket));
            if let Err(e) = sent {
                eprintln!("connection {number}: {e}");
                client.conn.close(false, 1, b"").ok();
            }
            if client.conn.is_closed() {
                println!("connection {number}: {}", ending(&client.conn));
                gone.push(*number);
            }
        }
        for number in gone {
            self.clients.remove(&number);
            self.ids.retain(|_, n| *n != number);
        }
    }

    fn run(&mut self) -> Result<()> {
        let mut buffer = vec![0; BUFFER];
        loop {
            // Without connections nothing but a packet matters; 0 means for ever there.
            let wait = self.clients.values().filter_map(|c| c.conn.timeout()).min();
            self.socket.set_read_timeout(wait.map(|t| t.max(Duration::from_micros(100))))?;
            match self.socket.recv_from(&mut buffer) {
                Ok((n, peer)) => {
                    if let Err(e) = self.receive(&mut buffer[..n], peer) {
                        eprintln!("packet from {peer}: {e}");
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => (),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => (),
                Err(e) => return Err(e.into()),
            }
            for client in self.clients.values_mut() {
                if client.conn.timeout().is_some_and(|t| t.is_zero()) {
                    client.conn.on_timeout();
                }
            }
            self.settle();
        }
    }
}

fn open(args: &Args) -> Result<Server> {
    let (Some(cert), Some(key)) = (args.text("cert"), args.text("key")) else {
        args.refuse("--cert and --key are needed");
    };
    let mut config = config(quiche::PROTOCOL_VERSION, args)?;
    config.load_cert_chain_from_pem_file(cert).map_err(|e| format!("{cert}: {e}"))?;
    config.load_priv_key_from_pem_file(key).map_err(|e| format!("{key}: {e}"))?;
    let root = args.text("root").unwrap_or(".");
    let root = Path::new(root).canonicalize().map_err(|e| format!("{root}: {e}"))?;
    let listen = args.text("listen").unwrap_or("127.0.0.1:4433");
    let socket = UdpSocket::bind(listen).map_err(|e| format!("{listen}: {e}"))?;
    let local = socket.local_addr()?;
    let retry = !args.has("no-retry");
    Ok(Server {
        socket,
        local,
        config,
        retry,
        root,
        clients: HashMap::new(),
        ids: HashMap::new(),
        next: 0,
    })
}

fn main() -> std::process::ExitCode {
    let valued = [VALUED, &["cert", "key", "root", "listen"]].concat();
    let flags = [FLAGS, &["no-retry"]].concat();
    let args = cli::parse(USAGE, &valued, &flags);
    if let Err(e) = open(&args).and_then(|mut server| server.run()) {
        eprintln!("quiche-server: {e}");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}
