"""Pictures with captions in one ZIP: each `name.txt` beside a picture of that name is its caption.

Nothing is unpacked to a disk, and nothing that the archive says of its own sizes is believed.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.conf import settings

from generation.lesson import LONGEST_CAPTION, MOST_PICTURES
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop

FIELD: Final = "sent"
# A caption for each picture, and what some systems add of their own.
MOST_ENTRIES: Final = 4 * MOST_PICTURES
# Of a text: what no caption's UTF-8 exceeds.
LARGEST_TEXT_BYTES: Final = 4 * LONGEST_CAPTION
TEXT: Final = ".txt"
PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".heic", ".heif"})
# What a damaged or hostile archive makes the reader raise; encrypted ones are RuntimeErrors, odd ones not implemented.
UNREADABLE: Final = (
    BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
    OSError,
    ValueError,
)


@dataclass(frozen=True)
class Packed:
    """A picture of an archive, not yet decoded, and its caption, empty where none lies beside it."""

    name: str
    data: bytes
    caption: str


def unpack(file: BinaryIO) -> Iterator[Packed]:
    """Yield the pictures of a ZIP by their names; raise InvalidRequest for what is none, or holds too much.

    What is neither a picture nor a caption by its name is passed over; whether a picture is one, its decoder says.
    """
    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise refuse("too_many_entries", TOO_MANY, limit=MOST_ENTRIES)
            wanted = {place_of(entry): entry for entry in entries if is_wanted(entry)}
            for place, entry in sorted(wanted.items()):
                if place.suffix.lower() in PICTURES:
                    text = wanted.get(place.with_suffix(TEXT))
                    caption = read_text(archive, text) if text else ""
                    data = read_bounded(archive, entry, settings.UPLOAD_MAX_BYTES)
                    yield Packed(place.name, data, caption)
    except UNREADABLE as error:
        raise refuse("unreadable", DAMAGED) from error


TOO_MANY: Final = gettext_noop("An archive may hold %(limit)s files; send several.")
TOO_LARGE: Final = gettext_noop("%(name)s unpacks to more than %(limit)s bytes.")
NO_TEXT: Final = gettext_noop("%(name)s is no text in UTF-8.")
DAMAGED: Final = gettext_noop("This is no whole ZIP archive without a password. Pack it again.")


def place_of(entry: ZipInfo) -> PurePosixPath:
    """Return an entry's place in its archive: a key, never a path of ours."""
    return PurePosixPath(entry.filename)


def is_wanted(entry: ZipInfo) -> bool:
    """Return whether an entry is a picture or a caption, and none of those that systems hide."""
    place = place_of(entry)
    is_hidden = any(part.startswith((".", "__")) for part in place.parts)
    return not is_hidden and not entry.is_dir() and place.suffix.lower() in {*PICTURES, TEXT}


def read_text(archive: ZipFile, entry: ZipInfo) -> str:
    """Return a caption on one line; raise InvalidRequest for what is no text, or too long a one."""
    data = read_bounded(archive, entry, LARGEST_TEXT_BYTES)
    try:
        return " ".join(data.decode("utf-8-sig").split())
    except UnicodeDecodeError as error:
        raise refuse("no_text", NO_TEXT, name=place_of(entry).name) from error


def read_bounded(archive: ZipFile, entry: ZipInfo, most_bytes: int) -> bytes:
    """Return an entry's bytes, of which no more than so many are ever in memory; raise InvalidRequest for more."""
    with archive.open(entry) as opened:
        data = opened.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise refuse("too_large", TOO_LARGE, name=place_of(entry).name, limit=most_bytes)
    return data


def refuse(code: str, message: str, **params: object) -> InvalidRequest:
    """Return the refusal of what was sent."""
    return InvalidRequest(errors=[FieldError(FIELD, code, message, params)])
