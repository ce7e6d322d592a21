"""An app on a port of its own: its pages, and the address that hands its user a token."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.front.web import HOST
from tests.serving import serving

# What it serves at an address: the type, and the text or bytes.
Served = tuple[str, str | bytes]
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


class AppServer(ThreadingHTTPServer):
    """An app of a few pages, which hands its user a token."""

    page, token, policy = "", "", ""

    def __init__(self) -> None:
        super().__init__((HOST, 0), AnswerOfApp)
        self.pages: dict[str, Served] = {}
        # What a module is loaded from by its first folder.
        self.folders: dict[str, Path] = {}
        # What browsers said of what the policy refused.
        self.reports: list[Any] = []
        self.mint: Callable[[], dict[str, Any]] = lambda: {"token": self.token}

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def find(self, path: str) -> Served | None:
        """Return what stands at an address; every address that is none shows the page."""
        _, first, *rest = path.partition("?")[0].split("/")
        if first in self.folders:
            file = self.folders[first].joinpath(*rest)
            return (KINDS[file.suffix], file.read_bytes()) if file.is_file() else None
        return self.pages.get(path) or ("text/html; charset=utf-8", self.page)


class AnswerOfApp(BaseHTTPRequestHandler):
    """Answers pages, reports and the token."""

    server: AppServer

    def do_GET(self) -> None:
        found = self.server.find(self.path)
        self.answer(*(found or ("text/plain", "")), status=200 if found else 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/reports":
            self.server.reports.append(json.loads(body))
            self.answer("text/plain", "")
            return
        minted = self.server.mint()
        self.answer("application/json", json.dumps(minted), status=200 if minted else 403)

    def answer(self, content_type: str, content: str | bytes, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if self.server.policy:
            self.send_header("Content-Security-Policy", self.server.policy)
        self.end_headers()
        self.wfile.write(content.encode() if isinstance(content, str) else content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Say nothing."""


@contextmanager
def serving_app() -> Iterator[AppServer]:
    """Serve an app until the body ends."""
    with serving(AppServer()) as server:
        yield server
