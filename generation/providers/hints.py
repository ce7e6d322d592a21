"""What a vendor sends to an order's own address: only that it is worth asking now, and under which id."""

import re
from typing import Any

import msgspec

from generation.providers.base import Hint

# An id becomes part of an address that is asked with the key.
ID = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that was sent; raise ValueError for anything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"no object: {error}") from error


def read_hint(body: bytes, name: str) -> Hint:
    """Return the id that stands under a name; raise ValueError where none does."""
    found = read_object(body).get(name)
    if not isinstance(found, str) or not ID.match(found):
        raise ValueError(f"no {name}")
    return Hint(found)
