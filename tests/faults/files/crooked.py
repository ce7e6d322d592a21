"""A way to the S3 server that goes wrong as it is told: each PUT takes the next fault, everything else passes."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.patience import patience
from tests.serving import serving

FULL = b"<Error><Code>XMinioStorageFull</Code><Message>no space left</Message></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
REFUSALS = {"500": (500, b""), "503": (503, b""), "403": (403, DENIED), "full": (507, FULL)}
# What only a wait tells from a store that is slow.
STALL_SECONDS = 6.0
SLOW_PIECE = 256


class Crooked(ThreadingHTTPServer):
    """The server that stands before the store; `faults` are taken one by one by PUTs."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = urlsplit(upstream).netloc
        self.faults: list[str] = []
        self.met: list[str] = []
        self.lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take_fault(self) -> str:
        """Return the next fault, empty when there is none left."""
        with self.lock:
            fault = self.faults.pop(0) if self.faults else ""
            self.met.append(fault)
            return fault


class Handler(BaseHTTPRequestHandler):
    """One request: passed on as it came, since its signature is of its very headers."""

    protocol_version = "HTTP/1.1"
    server: Crooked

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def pass_on(self) -> None:
        """Pass a request on, unless a fault is due."""
        fault = self.server.take_fault() if self.command == "PUT" else ""
        length = int(self.headers.get("Content-Length", 0))
        if fault == "reset":
            self.rfile.read(length // 2)
            self.cut()
            return
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(length)
        if fault in REFUSALS:
            status, said = REFUSALS[fault]
            self.answer(status, {}, said)
            return
        if fault == "stall":
            time.sleep(STALL_SECONDS)
            self.cut()
            return
        status, headers, said = self.ask(body)
        if fault == "told not":
            self.cut()
            return
        self.answer(status, headers, said, slowly=fault == "slow")

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = pass_on  # noqa: N815 (http.server's names)

    def ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return what the store answers."""
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=patience(30))
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":
                upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        said = answer.read()
        upstream.close()
        return answer.status, dict(answer.getheaders()), said

    def answer(
        self, status: int, headers: dict[str, str], said: bytes, *, slowly: bool = False
    ) -> None:
        """Answer, in pieces where that is the fault."""
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        length = (
            headers.get("Content-Length", str(len(said)))
            if self.command == "HEAD"
            else str(len(said))
        )
        self.send_header("Content-Length", length)
        self.end_headers()
        if slowly:
            time.sleep(1)
        for at in range(0, len(said), SLOW_PIECE):
            self.wfile.write(said[at : at + SLOW_PIECE])
            self.wfile.flush()

    def cut(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()


@contextmanager
def standing_before(upstream: str) -> Iterator[Crooked]:
    """Stand before a store."""
    with serving(Crooked(upstream)) as server:
        yield server
