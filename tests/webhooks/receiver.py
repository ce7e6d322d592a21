"""A receiver of webhooks on loopback: keeps what it is sent, answers as a test tells it, and verifies by the official
library."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.test import override_settings
from standardwebhooks import Webhook

from tests.serving import serving


@dataclass(frozen=True)
class Told:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    def verify(self, secret: str) -> Any:
        """Return the payload that the official library lets through; it raises for any other."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(frozen=True)
class Says:
    """What it answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thanks"


class Receiver:
    """Keeps what it is told."""

    def __init__(self, says: Callable[[Told], Says]) -> None:
        self.says = says
        self.told: list[Told] = []
        self.lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                told = Told(self.path, headers, body)
                with receiver.lock:
                    receiver.told.append(told)
                said = receiver.says(told)
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Who hangs up on a long answer is what some tests are about.
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def url(self, path: str = "/hook") -> str:
        return f"http://{self.name}{path}"

    @property
    def ids(self) -> list[str]:
        return [told.id for told in self.told]


@contextmanager
def receiving(says: Callable[[Told], Says] = lambda _: Says()) -> Iterator[Receiver]:
    """Have a receiver that the hub may call."""
    receiver = Receiver(says)
    with serving(receiver.server):
        yield receiver


@contextmanager
def allowed(*receivers: Receiver) -> Iterator[None]:
    """Let the hub call these."""
    with override_settings(WEBHOOK_HOSTS=frozenset(receiver.name for receiver in receivers)):
        yield
