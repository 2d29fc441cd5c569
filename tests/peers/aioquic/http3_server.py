"""Serve the files below STATIC_ROOT over HTTP/3 and HTTP/0.9 with aioquic.

The options are those of the program of this name in aioquic's repository,
which its package does not hold, so that share/plugins' aioquic.yaml is right
for both.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path
from urllib.parse import unquote

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h0.connection import H0_ALPN, H0Connection
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated
from aioquic.quic.logger import QuicFileLogger


def find_file(root, target):
    """The file that a request's path means, None when there is none below root."""
    name = unquote(target.decode("ascii", "replace").split("?")[0]).lstrip("/")
    path = (root / (name or "index.html")).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


class FileServer(QuicConnectionProtocol):
    root = Path()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = None

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            kind = H0Connection if event.alpn_protocol in H0_ALPN else H3Connection
            self.http = kind(self._quic)
        if self.http is not None:
            for received in self.http.handle_event(event):
                if isinstance(received, HeadersReceived):
                    self.answer(received.stream_id, dict(received.headers))

    def answer(self, stream_id, headers):
        method, target = headers.get(b":method", b""), headers.get(b":path", b"")
        path = find_file(self.root, target) if method == b"GET" else None
        status = 200 if path else 404 if method == b"GET" else 405
        body = path.read_bytes() if path else b""
        logging.info("%s %s: %d, %d bytes", method.decode(), target.decode(), status, len(body))
        fields = [(b":status", b"%d" % status), (b"content-length", b"%d" % len(body))]
        self.http.send_headers(stream_id, fields)
        self.http.send_data(stream_id, body, True)
        self.transmit()


async def run(args, configuration):
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serve(
        args.host,
        args.port,
        configuration=configuration,
        create_protocol=FileServer,
        retry=args.retry,
    )
    await stop.wait()
    # A connection writes its qlog file when it ends.
    server.close()


def main():
    parser = argparse.ArgumentParser(description="HTTP/3 server of files, aioquic")
    parser.add_argument("--host", default="::", help="address to listen on")
    parser.add_argument("--port", type=int, default=4433)
    parser.add_argument("-c", "--certificate", required=True, help="PEM file")
    parser.add_argument("-k", "--private-key", help="PEM file")
    parser.add_argument("--max-datagram-size", type=int, help="UDP payload to send")
    parser.add_argument("-q", "--quic-log", help="directory for qlog files")
    parser.add_argument("-l", "--secrets-log", help="key log; default SSLKEYLOGFILE")
    parser.add_argument("--retry", action="store_true", help="validate addresses first")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()

    level = logging.DEBUG if args.verbose else logging.INFO
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=level)
    FileServer.root = Path(os.environ.get("STATIC_ROOT", ".")).resolve()

    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN + H0_ALPN)
    configuration.load_cert_chain(args.certificate, args.private_key)
    if args.max_datagram_size:
        configuration.max_datagram_size = args.max_datagram_size
    if args.quic_log:
        configuration.quic_logger = QuicFileLogger(args.quic_log)
    keys = args.secrets_log or os.environ.get("SSLKEYLOGFILE")
    with open(keys, "a") if keys else contextlib.nullcontext() as configuration.secrets_log_file:
        asyncio.run(run(args, configuration))


if __name__ == "__main__":
    main()
