"""A host on loopback that answers as a test tells it, byte by byte; and what the tests of the way out stand on."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """A request's head."""

    line: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        """What was asked for."""
        return self.line.split()[1]


Send = Callable[[bytes], None]
Answer = Callable[[Asked, Send], None]


def answer(body: bytes = b"", status: str = "200 OK", **headers: object) -> bytes:
    """Return a whole answer; a header's underscores are its hyphens."""
    words = {"Content-Length": len(body), **{k.replace("_", "-"): v for k, v in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in words.items() if value is not None)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


@dataclass
class Host:
    """Listens, and keeps what it was asked."""

    answers: Answer
    context: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    met: list[socket.socket] = field(default_factory=list)
    # Who is spoken to: with TLS, other sockets than those that were met.
    talks: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.listen, daemon=True)]
        self.threads[0].start()

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.port}"

    def url(self, path: str = "/", scheme: str = "http") -> str:
        """Return an address here."""
        return f"{scheme}://{self.name}{path}"

    def listen(self) -> None:
        """Take connections until it is closed."""
        with contextlib.suppress(OSError):
            while True:
                met, _ = self.listener.accept()
                self.met.append(met)
                thread = threading.Thread(target=self.serve, args=(met,), daemon=True)
                self.threads.append(thread)
                thread.start()

    def serve(self, met: socket.socket) -> None:
        """Answer one connection's requests until either side has enough."""
        # A caller that hangs up, or that trusts no certificate of ours, is what some tests are about.
        with contextlib.suppress(OSError), met:
            talk = self.context.wrap_socket(met, server_side=True) if self.context else met
            self.talks.append(talk)
            with talk, talk.makefile("rb") as lines:
                while asked := read_head(lines):
                    self.asked.append(asked)
                    self.answers(asked, talk.sendall)

    def close(self) -> None:
        """Hang up on everybody."""
        hang_up(self.listener)
        self.threads[0].join()
        for one in (*self.met, *self.talks):
            hang_up(one)
        for thread in self.threads:
            thread.join()


def hang_up(one: socket.socket) -> None:
    """Wake whoever waits at a socket, and close it."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def read_head(lines: BinaryIO) -> Asked | None:
    """Return the next request's head; None when there is no more."""
    line = lines.readline().decode().strip()
    if not line:
        return None
    headers = {}
    while text := lines.readline().decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return Asked(line, headers)


@contextlib.contextmanager
def hosting(answers: Answer | bytes, context: ssl.SSLContext | None = None) -> Iterator[Host]:
    """Have a host that answers so."""

    def repeat(asked: Asked, send: Send) -> None:
        assert isinstance(answers, bytes)
        send(answers)

    host = Host(repeat if isinstance(answers, bytes) else answers, context)
    try:
        yield host
    finally:
        host.close()
