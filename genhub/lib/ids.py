"""Ids: UUIDv7 (RFC 9562), so that an index grows at its end; prefixed on the wire to say what it is."""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta

# The nil UUID (RFC 9562 5.9): never made by new_id.
NOBODY = uuid.UUID(int=0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> uuid.UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    return uuid.UUID(int=stamp(value))


def as_old_as(other: uuid.UUID, digest: bytes) -> uuid.UUID:
    """Return the UUIDv7 of another one's moment whose other bits are a digest's (10 bytes or more)."""
    value = (other.int >> 80 << 80) | int.from_bytes(digest[:10], "big")
    return uuid.UUID(int=stamp(value))


def stamp(value: int) -> int:
    """Return 128 bits marked as UUIDv7."""
    value = value & ~(0xF << 76) | (0x7 << 76)
    return value & ~(0x3 << 62) | (0x2 << 62)


def to_wire(prefix: str, value: uuid.UUID) -> str:
    """Return an id as clients see it, such as `task_0193…` (32 hexadecimal digits)."""
    return f"{prefix}_{value.hex}"


def from_wire(prefix: str, text: str) -> uuid.UUID:
    """Return the id that `to_wire` wrote, or NOBODY when the text is not such an id: it finds no row."""
    try:
        value = uuid.UUID(hex=text.removeprefix(f"{prefix}_"))
    except ValueError:
        return NOBODY
    # Python reads more than it writes: signs, underscores between digits, capitals, other alphabets' digits.
    return value if to_wire(prefix, value) == text else NOBODY


def oldest_id(age: timedelta) -> uuid.UUID:
    """Return the smallest UUIDv7 of this age: rows since then are a range of the primary key."""
    milliseconds = time.time_ns() // 1_000_000 - int(age.total_seconds() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)


def id_at(moment: datetime, shift: timedelta) -> uuid.UUID:
    """Return the smallest UUIDv7 of a moment, shifted: rows before and after are ranges of the primary key."""
    seconds = (moment - EPOCH + shift).total_seconds()
    milliseconds = max(0, int(seconds * 1000))
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)


def read_id(text: str) -> uuid.UUID | None:
    """Return the id that a person pasted, with or without its prefix and dashes, or None when it is none."""
    try:
        return uuid.UUID(hex=text.strip().rpartition("_")[2])
    except ValueError:
        return None
