"""A proxy between psycopg and PostgreSQL that cuts a connection exactly while its COMMIT is under way."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from enum import Enum
from pathlib import Path

from tests.faults.ledger.connected import connected

STARTUP_HEAD, HEAD = 4, 5
QUERY = b"Q"


class Cut(Enum):
    """Where the connection breaks: the server never hears of the COMMIT, or it commits and nobody hears of that."""

    BEFORE = "before the server heard it"
    AFTER = "after the server did it"


class Proxy:
    """Passes everything on, until it is told to cut: then at the next COMMIT of a transaction that names `marker`."""

    def __init__(self, upstream: Path) -> None:
        self._upstream = str(upstream)
        self._door = socket.create_server(("127.0.0.1", 0))
        self._planned: tuple[Cut, bytes] | None = None
        self.struck: list[Cut] = []
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self._door.getsockname()[1])

    def plan(self, cut: Cut, marker: bytes) -> None:
        """Cut at the next COMMIT of a transaction in which a statement holds these words."""
        self._planned = cut, marker

    def close(self) -> None:
        """Take no more connections."""
        self._door.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._upstream)
        talk = Talk()
        with client, server, suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is server:
                        client.sendall(data)
                    elif self._forward(talk, data, server):
                        return

    def _forward(self, talk: "Talk", data: bytes, server: socket.socket) -> bool:
        """Pass the client's messages on; return True when the connection is to be cut."""
        for message in talk.feed(data):
            planned = self._planned
            if planned and talk.is_commit(message) and planned[1] in talk.said:
                self._planned = None
                if planned[0] is Cut.AFTER:
                    server.sendall(message)
                    # Its answer is the proof that it was done; the client never sees it.
                    assert b"COMMIT" in server.recv(65536)
                self.struck.append(planned[0])
                return True
            talk.note(message)
            server.sendall(message)
        return False


class Talk:
    """What one client says: its bytes as whole messages, and the words of its transaction so far."""

    def __init__(self) -> None:
        self._rest = b""
        self._has_started = False
        self.said = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes and yield each message that is complete."""
        self._rest += data
        while True:
            head = HEAD if self._has_started else STARTUP_HEAD
            if len(self._rest) < head:
                return
            [length] = struct.unpack("!I", self._rest[head - 4 : head])
            end = head - 4 + length
            if len(self._rest) < end:
                return
            message, self._rest = self._rest[:end], self._rest[end:]
            self._has_started = True
            yield message

    def is_commit(self, message: bytes) -> bool:
        """Return whether a message is the statement COMMIT."""
        return message[:1] == QUERY and message[HEAD:].rstrip(b"\0").upper() == b"COMMIT"

    def note(self, message: bytes) -> None:
        """Remember what was said since the transaction began."""
        is_begin = message[:1] == QUERY and message[HEAD:].upper().startswith(b"BEGIN")
        self.said = message if is_begin else self.said + message


def connected_through(proxy: Proxy) -> AbstractContextManager[None]:
    """Let this thread's default connection go through the proxy, in plain text."""
    plain = {"sslmode": "disable", "gssencmode": "disable"}
    return connected(plain, HOST="127.0.0.1", PORT=str(proxy.port))
