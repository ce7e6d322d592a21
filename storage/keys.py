"""Where a file lies: by date, owner, attempt; deterministic, so that a repeated save writes the same object."""

import datetime
import uuid
from typing import Final

UPLOADS: Final = "uploads/"


def output_key(day: datetime.date, owner: uuid.UUID, attempt: uuid.UUID, name: str) -> str:
    """Return the key of an attempt's file; the attempt's id makes it unguessable and a stale worker harmless."""
    return f"outputs/{day:%Y/%m/%d}/{owner.hex}/{attempt.hex}/{name}"


def upload_folder(day: datetime.date, owner: uuid.UUID, upload: uuid.UUID) -> str:
    """Return where the files of an upload lie; each upload has an id of its own."""
    return f"{UPLOADS}{day:%Y/%m/%d}/{owner.hex}/{upload.hex}/"
