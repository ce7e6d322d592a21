"""What vendors call back with: hints alone, which anybody may have sent."""

import re
from typing import Any, TypeVar

import msgspec

from generation.providers.base import Hint

Parsed = TypeVar("Parsed")
# An id becomes part of an address that is asked with the key.
ID = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")


def parse_callback(body: bytes, kind: type[Parsed]) -> Parsed:
    """Return what a vendor called back with; raise ValueError for what it did not send."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"no callback: {error}") from error


def read_hint(body: bytes, name: str) -> Hint:
    """Return the id that stands under a name of what a vendor called back with; raise ValueError where none does."""
    found = parse_callback(body, dict[str, Any]).get(name)
    if not isinstance(found, str) or not ID.match(found):
        raise ValueError(f"no {name}")
    return Hint(found)
