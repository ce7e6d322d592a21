"""Where a file lies: by date, owner, attempt; deterministic, so that a repeated save writes the same object."""

import datetime
import uuid


def output_key(day: datetime.date, owner: uuid.UUID, attempt: uuid.UUID, name: str) -> str:
    """Return the key of an attempt's file; the attempt's id makes it unguessable and a stale worker harmless."""
    return f"outputs/{day:%Y/%m/%d}/{owner.hex}/{attempt.hex}/{name}"
