"""The hub's WSGI application called in this process, as its web server calls it: no socket, no client to pay for."""

import io
import json
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from genhub.lib.pooled import PooledConnection

POOL = {"min_size": 1, "max_size": 4, "timeout": 10, "connection_class": PooledConnection}


class Door:
    """An application, seen by an app that holds a key."""

    def __init__(self, key: str) -> None:
        self._application: Any = WSGIHandler()
        self._key = key

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request and return the answer's status, headers and body."""
        content = b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {self._key}",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            **{
                f"HTTP_{n.upper().replace('-', '_')}": value for n, value in (headers or {}).items()
            },
        }
        found: list[tuple[int, dict[str, str]]] = []

        def start(status: str, named: list[tuple[str, str]], *_: Any) -> None:
            found.append((int(status[:3]), dict(named)))

        answer = self._application(environ, start)
        content = b"".join(answer)
        answer.close()
        return (*found[0], content)

    def get(self, path: str, **headers: str) -> bytes:
        """Return an answer's body; raise when it is a refusal."""
        status, _, content = self.ask("GET", path, None, headers)
        if status not in {200, 304}:
            raise AssertionError(f"{path}: {status} {content[:500]!r}")
        return content

    def post(self, path: str, body: Any, key: str) -> dict[str, Any]:
        """Create something under an Idempotency-Key and return the answer; raise when it was refused."""
        status, _, content = self.ask("POST", path, body, {"Idempotency-Key": key})
        if status not in {201, 202}:
            raise AssertionError(f"{path}: {status} {content[:500]!r}")
        answer: dict[str, Any] = json.loads(content)
        return answer


def pool_connections() -> None:
    """Let requests take their connections from a pool, as the hub's settings do; those of tests do without."""
    own = connections["default"]
    own.close()
    own.settings_dict["OPTIONS"]["pool"] = POOL
