"""What Tencent Cloud and Alibaba Cloud ask of a signature: an HMAC over a canonical form of the request."""

import hashlib
import hmac
import time
from collections.abc import Mapping


def key_pair(key: str) -> tuple[str, str]:
    """Return id and secret of a key that is written `<id>:<secret>`; raise ValueError for what is none."""
    name, _, secret = key.partition(":")
    if not (name and secret):
        raise ValueError("the key must be <id>:<secret>")
    return name, secret


def now_seconds() -> int:
    """Return this machine's time, by which a vendor judges how old a signature is."""
    return time.time_ns() // 10**9


def digest(data: bytes) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def keyed(key: bytes, text: str) -> bytes:
    """Return the HMAC-SHA256 of a text."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical(path: str, query: str, headers: Mapping[str, str], content: bytes) -> str:
    """Return the canonical form of a POST whose headers, in small letters, are all signed."""
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    return "\n".join(["POST", path, query, lines, names_of(headers), digest(content)])


def names_of(headers: Mapping[str, str]) -> str:
    """Return which headers are signed."""
    return ";".join(sorted(headers))
