"""The head of a request: its first line and headers, judged and made into a WSGI environment."""

import sys
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from genhub.front.refusals import (
    ExpectationUnknown,
    HeadersTooLarge,
    RequestMalformed,
    refuse_header,
)
from genhub.front.work import SentFile
from genhub.lib.errors import Problem, gettext_noop

LONGEST_HEAD_BYTES = 64 * 1024
MOST_HEADERS = 100
# These may stand in several lines, which mean the same as one; any other says one thing or is refused.
JOINED = {
    "accept": b", ", "accept-charset": b", ", "accept-encoding": b", ", "accept-language": b", ",
    "cache-control": b", ", "connection": b", ", "cookie": b"; ", "forwarded": b", ", "if-match": b", ",
    "if-none-match": b", ", "keep-alive": b", ", "pragma": b", ", "te": b", ", "trailer": b", ",
    "upgrade": b", ", "via": b", ", "warning": b", ", "x-forwarded-for": b", ",
}  # fmt: skip
FRAMING = {b"content-length", b"transfer-encoding"}
# A caller who sends one of these means something by it.
NEVER_EMPTY = {"authorization", "content-length", "transfer-encoding"}
TWICE = gettext_noop("It came more than once, with different values.")
EMPTY = gettext_noop("It is empty; send a value, or leave the header out.")


@dataclass
class Head:
    """What was read of a request so far."""

    url: bytes = b""
    lines: list[tuple[bytes, bytes]] = field(default_factory=list)
    size_bytes: int = 0

    def add(self, name: bytes, value: bytes) -> None:
        """Take one header line."""
        self.size_bytes += len(name) + len(value) + 4
        self.lines.append((name, value))

    @property
    def is_too_large(self) -> bool:
        """Return whether it is longer than anybody needs."""
        return self.size_bytes > LONGEST_HEAD_BYTES or len(self.lines) > MOST_HEADERS

    def frame(self) -> bytes:
        """Return the head of a request whose body ends where this one's does."""
        framing = [line for line in self.lines if line[0].lower() in FRAMING]
        lines = [b"POST / HTTP/1.1", *(b"%s: %s" % line for line in framing), b"", b""]
        return b"\r\n".join(lines)

    def join(self) -> tuple[dict[str, bytes], str]:
        """Return the headers by lower-case name, each once, and the first that says two things; empty: none does.

        A name with an underscore is left out, as nginx does: WSGI could not tell it from the one with a hyphen.
        """
        found: dict[str, bytes] = {}
        twice = ""
        for raw_name, raw_value in self.lines:
            name, value = raw_name.decode("latin-1").lower(), raw_value.strip(b" \t")
            if "_" in name:
                continue
            if name in found and name in JOINED:
                found[name] += JOINED[name] + value
            elif found.setdefault(name, value) != value:
                twice = twice or name
        return found, twice


def judge(headers: dict[str, bytes], *, version: str) -> None:
    """Raise the Problem of the first header that cannot be taken as it was meant."""
    for name in NEVER_EMPTY & headers.keys():
        if not headers[name]:
            raise refuse_header(name, EMPTY)
    if "transfer-encoding" in headers and (
        headers["transfer-encoding"].lower() != b"chunked"
        or version == "1.0"
        or "content-length" in headers
    ):
        raise RequestMalformed
    if headers.get("expect", b"100-continue").lower() != b"100-continue":
        raise ExpectationUnknown


def make_environ(
    method: str, head: Head, *, version: str, peer: Any, here: Any
) -> tuple[dict[str, Any], Problem | None]:
    """Return the WSGI environment, and why the request is refused: then as much of it as was understood."""
    path, query = split_target(head.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{version}",
        "SERVER_NAME": str(here[0]),
        "SERVER_PORT": str(here[1]),
        "REMOTE_ADDR": str(peer[0]) if peer else "",
        "REMOTE_PORT": str(peer[1]) if peer else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": SentFile,
    }
    if head.is_too_large:
        return environ, HeadersTooLarge(limit_bytes=LONGEST_HEAD_BYTES, most=MOST_HEADERS)
    if method == "CONNECT" or not path.startswith(b"/"):
        return environ, RequestMalformed()
    try:
        headers, twice = head.join()
        for name, value in headers.items():
            environ[wsgi_name(name)] = value.decode("latin-1")
        if twice:
            raise refuse_header(twice, TWICE)
        judge(headers, version=version)
    except Problem as problem:
        return environ, problem
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ, None


def split_target(url: bytes) -> tuple[bytes, bytes]:
    """Return path and query of a request's target; a whole URL, as proxies send it, names the host once more."""
    if not url.startswith(b"/") and b"://" in url:
        try:
            parts = urlsplit(url)
        except ValueError:
            return b"", b""
        return parts.path or b"/", parts.query
    path, _, query = url.partition(b"#")[0].partition(b"?")
    return path, query


def wsgi_name(name: str) -> str:
    """Return how WSGI calls a header."""
    word = name.upper().replace("-", "_")
    return word if word in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{word}"
