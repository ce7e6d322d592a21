"""Brokers that are away: each address fails in another way."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AWAY = ("refused", "silent", "no socket", "full socket", "refused amqp", "silent amqp")


@contextmanager
def away(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a broker that is away in this way."""
    scheme = "amqp" if "amqp" in kind else "redis"
    path = folder / "s"
    match kind.removesuffix(" amqp"):
        case "refused":
            with socket.socket() as taken:
                # Bound, so that nobody else listens there; not listening, so that it refuses.
                taken.bind(("127.0.0.1", 0))
                yield f"{scheme}://127.0.0.1:{taken.getsockname()[1]}//"
        case "silent":
            with silent() as server:
                yield f"{scheme}://127.0.0.1:{server.port}//"
        case "no socket":
            yield f"redis+socket://{path}"
        case _:
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
                server.listen(0)
                with fill(path):
                    yield f"redis+socket://{path}"


class Silent:
    """Takes every connection, never answers, and counts them."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.taken: list[socket.socket] = []

    def take(self) -> None:
        """Take connections until the server is closed."""
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self.server.accept()[0])


@contextmanager
def silent() -> Iterator[Silent]:
    """Yield a server that never answers."""
    server = Silent()
    threading.Thread(target=server.take, daemon=True).start()
    try:
        yield server
    finally:
        # Closing alone does not wake the thread that accepts.
        server.server.shutdown(socket.SHUT_RDWR)
        server.server.close()
        for connection in server.taken:
            connection.close()


@contextmanager
def fill(path: Path) -> Iterator[None]:
    """Fill a unix socket's queue, so that the next connection finds no room."""
    clients = [socket.socket(socket.AF_UNIX) for _ in range(4)]
    try:
        for client in clients:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(str(path))
        yield
    finally:
        for client in clients:
            client.close()
