"""What is kept of a call that failed, for those who decide what became of its order: without keys and pictures, small.

A dictionary of JSON: `method`, `address`, `body`; `status` and `answer` where one came; `seconds` until it failed.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

# In bytes: more of a request, whose words tell which order it was, than of an answer.
MOST_BODY, MOST_ANSWER = 4096, 1024
HIDDEN = "***"
# A header is a secret unless it is one of these.
PLAIN_HEADERS = frozenset({"accept", "accept-encoding", "content-type"})
# Shorter ones are words such as Bearer, and stand everywhere.
SHORTEST_SECRET = 8
# Pictures in base64; and what signs an address.
LONG_CODE = re.compile(r"(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/_-]{200,}={0,2}")
SIGNED = re.compile(r"(https?:[^\s\"'?<>]+)\?[^\s\"'<>]+")


def list_secrets(key: str, headers: Mapping[str, str]) -> list[str]:
    """Return what must stand in no row and no log: the key, and each word of the headers that carry it."""
    words = [
        word
        for name, value in headers.items()
        if name.lower() not in PLAIN_HEADERS
        for word in value.split()
        if len(word) >= SHORTEST_SECRET
    ]
    # The longest first: one may be a part of another.
    return sorted({*words, key} - {""}, key=len, reverse=True)


def hide(text: str, secrets: Collection[str]) -> str:
    """Return a text without secrets."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def hide_in(data: bytearray, secrets: Collection[str]) -> bytearray:
    """Return bytes without secrets."""
    for secret in secrets:
        data = data.replace(secret.encode(), HIDDEN.encode())
    return data


def describe_request(method: str, url: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked: the address without its query, and the body in words."""
    parts = urlsplit(url)
    host = f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    told = {"method": method, "address": f"{parts.scheme}://{host}{parts.path}"}
    if body := describe_body(words):
        told["body"] = cut(body, MOST_BODY)
    return told


def describe_body(words: Mapping[str, Any]) -> str:
    """Return the body of a request in words; of files their names and sizes."""
    said: dict[str, Any] = {}
    for name in ("json", "data"):
        if isinstance(part := words.get(name), Mapping):
            said |= part
    files = words.get("files") or {}
    said |= {name: describe_file(file) for name, file in dict(files).items()}
    return shorten(json.dumps(said, ensure_ascii=False, default=repr)) if said else ""


def describe_file(file: Any) -> str:
    """Return a file of a form by its size."""
    contents = next((part for part in file if isinstance(part, bytes)), b"")
    return f"({len(contents)} bytes)"


def describe_answer(body: bytes | bytearray) -> str:
    """Return the beginning of an answer."""
    return cut(shorten(body[: 4 * MOST_ANSWER].decode("utf-8", "replace")), MOST_ANSWER)


def shorten(text: str) -> str:
    """Return a text without pictures and without what signs an address."""
    text = LONG_CODE.sub(lambda found: f"({len(found[0])} characters)", text)
    return SIGNED.sub(r"\1?…", text).replace("\0", "")


def cut(text: str, most_bytes: int) -> str:
    """Return the beginning of a text, in at most so many bytes."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most_bytes:
        return data.decode()
    return data[: most_bytes - 3].decode("utf-8", "ignore") + "…"
