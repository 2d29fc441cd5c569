"""Fetch URLs over HTTP/3 (or HTTP/0.9) with aioquic, one connection for all.

The options are those of the program of this name in aioquic's repository,
which its package does not hold, so that share/plugins' aioquic.yaml is right
for both. Exit code 1 when a URL did not arrive whole with status 200.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h0.connection import H0_ALPN, H0Connection
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated, StreamReset
from aioquic.quic.logger import QuicFileLogger


class Fetcher(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = None
        self.waiting = {}  # stream: (future, status, [data])

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            kind = H0Connection if event.alpn_protocol in H0_ALPN else H3Connection
            self.http = kind(self._quic)
        if isinstance(event, StreamReset):
            self.fail(event.stream_id, f"the server reset the stream: {event.error_code:#x}")
        if isinstance(event, ConnectionTerminated):
            for stream in list(self.waiting):
                reason = event.reason_phrase or "no reason given"
                self.fail(stream, f"connection closed: {event.error_code:#x} {reason}")
        if self.http is not None:
            for received in self.http.handle_event(event):
                self.http_event_received(received)

    def http_event_received(self, event):
        if not isinstance(event, (HeadersReceived, DataReceived)):
            return
        if event.stream_id not in self.waiting:
            return
        future, headers, body = self.waiting[event.stream_id]
        if isinstance(event, HeadersReceived):
            headers.update(event.headers)
        else:
            body.append(event.data)
        if event.stream_ended and not future.done():
            future.set_result((headers, b"".join(body)))

    def fail(self, stream, why):
        if stream in self.waiting and not self.waiting[stream][0].done():
            self.waiting[stream][0].set_exception(ConnectionError(why))

    async def fetch(self, url):
        stream = self._quic.get_next_available_stream_id()
        future = asyncio.get_running_loop().create_future()
        self.waiting[stream] = future, {}, []
        target = url.path or "/"
        if url.query:
            target += "?" + url.query
        self.http.send_headers(
            stream,
            [
                (b":method", b"GET"),
                (b":scheme", url.scheme.encode()),
                (b":authority", url.netloc.encode()),
                (b":path", target.encode()),
                (b"user-agent", b"pth-aioquic"),
            ],
            end_stream=True,
        )
        self.transmit()
        return await future


async def run(args, configuration):
    urls = [urlsplit(url) for url in args.url]
    first = urls[0]
    if any(url.scheme != "https" or url.netloc != first.netloc for url in urls):
        sys.exit("every URL must be https:// and of the same server")
    ok = True
    async with connect(
        first.hostname,
        first.port or 443,
        configuration=configuration,
        create_protocol=Fetcher,
        local_port=args.local_port,
    ) as client:
        answers = await asyncio.gather(
            *(client.fetch(url) for url in urls), return_exceptions=True
        )
    for url, answer in zip(urls, answers):
        if isinstance(answer, BaseException):
            logging.error("%s: %s", url.geturl(), answer)
            ok = False
            continue
        headers, body = answer
        status = headers.get(b":status", b"200").decode()  # HTTP/0.9 has none
        logging.info("%s: %s, %d bytes", url.geturl(), status, len(body))
        ok = ok and status == "200"
        if args.output_dir:
            Path(args.output_dir, Path(url.path).name or "index.html").write_bytes(body)
        else:
            sys.stdout.buffer.write(body)
    return ok


def main():
    parser = argparse.ArgumentParser(description="HTTP/3 client, aioquic")
    parser.add_argument("url", nargs="+")
    parser.add_argument("--ca-certs", help="PEM file of the authorities to trust")
    parser.add_argument("-k", "--insecure", action="store_true", help="trust every certificate")
    parser.add_argument("--legacy-http", action="store_true", help="HTTP/0.9")
    parser.add_argument("--local-port", type=int, default=0)
    parser.add_argument("--max-datagram-size", type=int, help="UDP payload to send")
    parser.add_argument("--output-dir", help="save here; default is stdout")
    parser.add_argument("-q", "--quic-log", help="directory for qlog files")
    parser.add_argument("-l", "--secrets-log", help="key log; default SSLKEYLOGFILE")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()

    level = logging.DEBUG if args.verbose else logging.INFO
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=level)

    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=H0_ALPN if args.legacy_http else H3_ALPN
    )
    if args.ca_certs:
        configuration.load_verify_locations(args.ca_certs)
    if args.insecure:
        configuration.verify_mode = ssl.CERT_NONE
    if args.max_datagram_size:
        configuration.max_datagram_size = args.max_datagram_size
    if args.quic_log:
        configuration.quic_logger = QuicFileLogger(args.quic_log)
    keys = args.secrets_log or os.environ.get("SSLKEYLOGFILE")
    with open(keys, "a") if keys else contextlib.nullcontext() as configuration.secrets_log_file:
        try:
            ok = asyncio.run(run(args, configuration))
        except (ConnectionError, OSError) as error:
            sys.exit(f"{args.url[0]}: {error or 'no connection'}")
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
