"""The hub's own web server as a process of its own on the test's database, and clients that write bytes."""

import http.client
import io
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.processes import running, wait_until
from tests.ports import free_port

HOST = "127.0.0.1"
HEALTH = "/api/v1/health"
PATIENCE_SECONDS = 120.0


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Web:
    """A web server that runs."""

    port: int
    log: Path
    pid: int = 0

    def connect(self, *, receive_bytes: int = 0) -> socket.socket:
        sock = socket.socket()
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.settimeout(PATIENCE_SECONDS)
        sock.connect((HOST, self.port))
        return sock

    def talk(self, data: bytes, *, ends: bool = False) -> Answer:
        """Send bytes as they are and return the answer; `ends` closes the sending side after them."""
        with self.connect() as sock:
            sock.sendall(data)
            if ends:
                sock.shutdown(socket.SHUT_WR)
            return read_answer(sock, data)

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **words: Any
    ) -> Answer:
        """Send an ordinary request."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, **words)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read())
        finally:
            connection.close()

    def health_seconds(self) -> float:
        began = time.monotonic()
        assert self.ask("GET", HEALTH).status in {200, 503}
        return time.monotonic() - began


class Kept(io.BufferedIOBase):
    """A socket's reader that several answers share: each would close its own and lose what it had read ahead."""

    def __init__(self, sock: socket.socket) -> None:
        self.file = sock.makefile("rb")

    def makefile(self, *_arguments: Any) -> Any:
        return self

    def read(self, size: int | None = -1) -> bytes:
        return self.file.read(-1 if size is None else size)

    def read1(self, size: int = -1) -> bytes:
        return self.file.read(size)

    def readline(self, size: int | None = -1) -> bytes:
        return self.file.readline(-1 if size is None else size)

    def close(self) -> None:
        """Stay open."""


def read_answer(sock: Any, asked: bytes = b"GET") -> Answer:
    """Read one answer off a socket, or off what several answers share."""
    response = http.client.HTTPResponse(sock, method=asked.split(b" ", 1)[0].decode("latin-1"))
    response.begin()
    return Answer(response.status, dict(response.headers.items()), response.read())


def is_listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex((HOST, port)) == 0


@contextmanager
def serving(log: Path, at_port: str = "", **settings: str) -> Iterator[Web]:
    """Run the web server on the test's own database until the body ends."""
    port = int(at_port or free_port())
    with running(log, "-m", "genhub.front", f"--port={port}", **settings) as process:
        wait_until(lambda: is_listening(port) or process.poll() is not None, 120, "web's start")
        assert process.poll() is None, log.read_text()
        yield Web(port, log, process.pid)
