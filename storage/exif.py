"""Tags of a camera's kind, read and written where a picture needs them: which way is up, and a comment."""

import struct
from typing import Final

ORIENTATION, SHORT = 0x0112, 3
UPRIGHT: Final = 1
EXIF_START: Final = b"Exif\0\0"
BIG_ENDIAN: Final = b"MM"
EXIF_FOLDER, USER_COMMENT = 0x8769, 0x9286
LONG, UNDEFINED = 4, 7
HEAD_BYTES, ENTRY_BYTES = 8, 12
# How the comment says in which characters it is written.
UNICODE: Final = b"UNICODE\0"


def write_tags(orientation: int = UPRIGHT, comment: str = "") -> bytes:
    """Return the tags that say these two things and nothing else; none where there is nothing to say."""
    entries = []
    if orientation != UPRIGHT:
        entries.append(struct.pack(">HHIHH", ORIENTATION, SHORT, 1, orientation, 0))
    count = len(entries) + bool(comment)
    if not count:
        return b""
    behind = HEAD_BYTES + 2 + count * ENTRY_BYTES + 4
    if comment:
        entries.append(struct.pack(">HHII", EXIF_FOLDER, LONG, 1, behind))
    return (
        struct.pack(">2sHI", BIG_ENDIAN, 42, HEAD_BYTES)
        + write_folder(entries)
        + (write_comment(comment, behind) if comment else b"")
    )


def write_folder(entries: list[bytes]) -> bytes:
    """Return a directory of tags that none follows."""
    return struct.pack(">H", len(entries)) + b"".join(entries) + bytes(4)


def write_comment(comment: str, place: int) -> bytes:
    """Return the directory that holds a comment and the comment itself, for this place."""
    text = UNICODE + comment.encode("utf-16-be")
    behind = place + 2 + ENTRY_BYTES + 4
    return write_folder([struct.pack(">HHII", USER_COMMENT, UNDEFINED, len(text), behind)]) + text


def read_orientation(tiff: bytes) -> int:
    """Return how a camera was held (1 to 8) by the first directory of its tags; whatever else is there is not read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 10:  # noqa: PLR2004 (a header and one directory's length)
        return UPRIGHT
    (place,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack(f"{order}H", tiff[place : place + 2].ljust(2, b"\0"))
    for entry in range(place + 2, min(place + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, number, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if (tag, kind, number) == (ORIENTATION, SHORT, 1) and 1 <= value <= 8:  # noqa: PLR2004
            return int(value)
    return UPRIGHT
