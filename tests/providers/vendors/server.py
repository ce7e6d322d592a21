"""A vendor on loopback that answers what a test says, and misbehaves on purpose."""

import base64
import contextlib
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.serving import serving


@dataclass(frozen=True)
class Asked:
    """A request as it arrived: header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What a server answers: JSON unless `body` is bytes."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        """Return the body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Cut(Reply):
    """An answer that breaks off in its middle."""


class Silence(Reply):
    """No answer: the order is taken, and the connection closed."""


class Hang(Reply):
    """No answer, and the connection stays open until the server stops."""


class Stall(Reply):
    """Half of an answer, and no more until the server stops."""


class Upgraded(Reply):
    """A websocket, whose frames are the body; it then stays open until the server stops."""


Respond = Callable[[Asked], Reply]


class Server:
    """Answers by `respond`, but for as many of the next requests as there are `faults`; keeps what was asked."""

    def __init__(self, respond: Respond) -> None:  # noqa: C901 (the handler closes over its server)
        self.respond = respond
        self.faults: list[Reply] = []
        self.asked: list[Asked] = []
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.read_body(length))
                self.answer(server.take(asked))

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 (http.server's names)

            def read_body(self, length: int) -> bytes:
                if self.headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(length)
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def answer(self, reply: Reply) -> None:
                if isinstance(reply, Silence):
                    self.drop()
                    return
                if isinstance(reply, Hang):
                    server.stopped.wait()
                    self.drop()
                    return
                data = reply.data()
                if isinstance(reply, Upgraded):
                    self.upgrade(data)
                    return
                self.send_response_only(reply.status)
                headers = {"content-type": "application/json", **reply.headers}
                headers.setdefault("content-length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if isinstance(reply, Cut | Stall):
                    self.wfile.write(data[: len(data) // 2])
                    self.wfile.flush()
                    if isinstance(reply, Stall):
                        server.stopped.wait()
                    self.drop()
                    return
                self.wfile.write(data)

            def upgrade(self, frames: bytes) -> None:
                self.send_response_only(101)
                proof = f"{self.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                digest = hashlib.sha1(proof.encode(), usedforsecurity=False).digest()
                self.send_header("sec-websocket-accept", base64.b64encode(digest).decode())
                self.send_header("connection", "upgrade")
                self.send_header("upgrade", "websocket")
                self.end_headers()
                self.wfile.write(frames)
                self.wfile.flush()
                server.stopped.wait()
                self.drop()

            def drop(self) -> None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def take(self, asked: Asked) -> Reply:
        """Keep a request and return what it is answered."""
        with self.lock:
            self.asked.append(asked)
            if self.faults:
                return self.faults.pop(0)
        return self.respond(asked)

    def count(self, method: str, part: str = "") -> int:
        """Return how many requests came of a method, with this in their path."""
        return sum(asked.method == method and part in asked.path for asked in self.asked)

    @contextlib.contextmanager
    def running(self) -> Iterator["Server"]:
        """Serve until left."""
        with serving(self._server):
            try:
                yield self
            finally:
                self.stopped.set()


def path_of(asked: Asked) -> str:
    """Return a request's path without its query."""
    return urlsplit(asked.path).path
