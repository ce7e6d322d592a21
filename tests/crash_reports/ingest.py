"""What takes errors from Sentry's clients, as Sentry itself and its lookalikes do, and keeps what it is sent."""

import gzip
import json
import threading
from collections.abc import Iterator, Set
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import serving

KEY, PROJECT = "0123456789abcdef0123456789abcdef", 7
EVENTS = frozenset({"event"})


class Ingest:
    """Keeps events, and the bytes that they came as."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()
        self.dsn = ""

    def take(self, body: bytes, kinds: Set[str]) -> None:
        """Keep what an envelope holds: a line of its own, then each item behind a line that says what it is."""
        lines = body.split(b"\n")
        found = []
        for head, item in zip(lines[1::2], lines[2::2], strict=False):
            assert json.loads(head)["type"] in kinds, head
            found.append(json.loads(item))
        with self.lock:
            self.bodies.append(body)
            self.events += found

    def messages(self) -> list[str]:
        """Return what the lines of logs said that were told, without what stood in their places."""
        with self.lock:
            return [event["logentry"]["message"] for event in self.events if "logentry" in event]

    def find(self, message: str) -> dict[str, Any]:
        """Return the first event of such a line."""
        with self.lock:
            return next(
                event for event in self.events if message in event.get("logentry", {}).get("message", "")
            )  # fmt: skip


@contextmanager
def ingesting(kinds: Set[str] = EVENTS, status: int = 200) -> Iterator[Ingest]:
    """Run one until the body ends, which is sent nothing but items of these kinds, and answers with this status."""
    ingest = Ingest()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == f"/api/{PROJECT}/envelope/"
            assert f"sentry_key={KEY}" in self.headers["X-Sentry-Auth"]
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            ingest.take(gzip.decompress(body) if is_packed else body, kinds)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        ingest.dsn = f"http://{KEY}@127.0.0.1:{server.server_port}/{PROJECT}"
        yield ingest
