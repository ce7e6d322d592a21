"""Where a file lies: by date, owner, attempt; deterministic, so that a repeated save writes the same object."""

import datetime
import hashlib
import uuid
from typing import Final

from genhub.lib.ids import as_old_as

UPLOADS: Final = "uploads/"
EDITS: Final = "edits/"
OUTPUTS: Final = "outputs/"
INCOMING: Final = "incoming/"
# Of a digest in a file's name.
DIGITS: Final = 16
# How the names end of what is drawn of a file: all lie beside it.
THUMBNAIL, POSTER, PREVIEW = "_thumbnail.jpg", "_poster.jpg", "_preview.webp"


def output_key(day: datetime.date, owner: uuid.UUID, attempt: uuid.UUID, name: str) -> str:
    """Return the key of an attempt's file; the attempt's id makes it unguessable and a stale worker harmless."""
    return f"{OUTPUTS}{day:%Y/%m/%d}/{owner.hex}/{attempt.hex}/{name}"


def upload_folder(day: datetime.date, owner: uuid.UUID, upload: uuid.UUID) -> str:
    """Return where the files of an upload lie; each upload has an id of its own."""
    return f"{UPLOADS}{day:%Y/%m/%d}/{owner.hex}/{upload.hex}/"


def edit_folder(day: datetime.date, owner: uuid.UUID, edit: uuid.UUID) -> str:
    """Return where the files of an edit lie; each edit has an id of its own."""
    return f"{EDITS}{day:%Y/%m/%d}/{owner.hex}/{edit.hex}/"


def incoming_folder(upload: uuid.UUID) -> str:
    """Return where a file lies that its owner sends to the store itself, until it is an artifact, or out of time."""
    return f"{INCOMING}{upload.hex}/"


def incoming_key(upload: uuid.UUID) -> str:
    """Return the key of that file."""
    return f"{incoming_folder(upload)}0"


def is_drawn(key: str) -> bool:
    """Return whether a file was drawn of another one, to be looked at in its place."""
    return key.endswith((THUMBNAIL, POSTER, PREVIEW))


def output_id(attempt: uuid.UUID, position: int) -> uuid.UUID:
    """Return the id of an attempt's output before it has a row: its file names it, and is written first.

    Always the same, so that whoever stores an output again writes the same label.
    """
    digest = hashlib.sha256(attempt.bytes + position.to_bytes(4, "big")).digest()
    return as_old_as(attempt, digest)
