"""What vendors call back with: hints alone, which anybody may have sent."""

from typing import TypeVar

import msgspec

Parsed = TypeVar("Parsed")


def parse_callback(body: bytes, kind: type[Parsed]) -> Parsed:
    """Return what a vendor called back with; raise ValueError for what it did not send."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"no callback: {error}") from error
