"""The boxes of an MP4 (ISO 14496-12): looked at without decoding, and put so that a player may begin at once.

The coded pictures and sounds stay as they came, bit by bit. What its vendor wrote beside them goes: words and places in
the head, a C2PA manifest (it signs the bytes around it, so that any label would make it a broken one); our label takes
its place.
"""

import base64
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from storage.bounded import MOST_MEMORY_BYTES, bound_process

PART_BYTES: Final = 1024 * 1024
# Of the program: for the largest clip that is taken.
CPU_SECONDS: Final = 30
# The head of a clip: some bytes for each of its frames.
MOST_HEAD_BYTES: Final = 32 * 2**20
LARGEST_OFFSET: Final = 2**32 - 1
# Whose box of one's own it is: XMP's (Adobe).
XMP: Final = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
# From the head down to the tables that say where the parts of a track lie.
BRANCHES: Final = frozenset({b"trak", b"mdia", b"minf", b"stbl"})
TABLES: Final = {b"stco": ">I", b"co64": ">Q"}
# What is told beside pictures and sounds.
WORDS: Final = frozenset({b"udta", b"meta", b"uuid"})


@dataclass(frozen=True)
class Box:
    """A box: its kind, where it begins, how long its own head is, and where it ends."""

    kind: bytes
    start: int
    head_bytes: int
    end: int

    @property
    def size_bytes(self) -> int:
        """Return how long it is, head and all."""
        return self.end - self.start


def read_boxes(file: IO[bytes]) -> list[Box]:
    """Return the boxes of a file; raise ValueError for one that is cut short, or has no head or no data."""
    end, at, found = file.seek(0, os.SEEK_END), 0, []
    while at < end:
        file.seek(at)
        box = read_box(file.read(16), at, end)
        found.append(box)
        at = box.end
    kinds = [box.kind for box in found]
    if kinds.count(b"moov") != 1 or b"mdat" not in kinds or kinds[0] != b"ftyp":
        raise ValueError(f"no MP4 of one head: {kinds[:20]}")
    return found


def read_box(head: bytes, at: int, end: int) -> Box:
    """Return the box that begins there and must end by the end; raise ValueError."""
    if len(head) < 8:  # noqa: PLR2004 (a length and a kind)
        raise ValueError("cut short")
    length, kind = struct.unpack_from(">I4s", head)
    head_bytes = 8
    if length == 1 and len(head) >= 16:  # noqa: PLR2004 (the length follows, in 64 bits)
        length, head_bytes = struct.unpack_from(">Q", head, 8)[0], 16
    if length == 0:
        length = end - at
    if length < head_bytes or at + length > end:
        raise ValueError(f"cut short in {kind!r}")
    return Box(kind, at, head_bytes, at + length)


def write_fast(source: IO[bytes], place: IO[bytes], label: bytes) -> None:
    """Write a clip with its head in front and our label alone; raise ValueError for one that is none."""
    boxes = read_boxes(source)
    [head] = [box for box in boxes if box.kind == b"moov"]
    if head.size_bytes > MOST_HEAD_BYTES:
        raise ValueError("a head of too many bytes")
    source.seek(head.start)
    moov = bytearray(source.read(head.size_bytes))
    blank_words(moov, head.head_bytes)
    first_data = min(box.start for box in boxes if box.kind == b"mdat")
    is_late = head.start > first_data
    if is_late and any(box.kind == b"moof" for box in boxes):
        raise ValueError("a head behind its parts")
    if is_late:
        move_offsets(moov, head.head_bytes, head)
    for box in boxes:
        if box is head and is_late:
            continue
        if box is head:
            place.write(moov)
        else:
            copy(source, place, box)
        if box.kind == b"ftyp" and is_late:
            place.write(moov)
    place.write(struct.pack(">I4s", 24 + len(label), b"uuid") + XMP + label)


def copy(source: IO[bytes], place: IO[bytes], box: Box) -> None:
    """Write a box as it is; of a vendor's own only as many bytes that mean nothing, so that nothing else moves."""
    source.seek(box.start)
    head = source.read(box.head_bytes)
    is_told = box.kind in WORDS
    place.write(head.replace(box.kind, b"free", 1) if is_told else head)
    left = box.end - box.start - box.head_bytes
    while left:
        part = source.read(min(left, PART_BYTES))
        if not part:
            raise ValueError("cut short")
        place.write(bytes(len(part)) if is_told else part)
        left -= len(part)


def walk(moov: bytearray, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes within a box, and those within its branches."""
    at = start
    while at < end:
        box = read_box(bytes(moov[at : at + 16]), at, end)
        yield box
        if box.kind in BRANCHES:
            yield from walk(moov, at + box.head_bytes, box.end)
        at = box.end


def blank_words(moov: bytearray, head_bytes: int) -> None:
    """Make what is told beside pictures and sounds mean nothing."""
    for box in list(walk(moov, head_bytes, len(moov))):
        if box.kind in WORDS:
            moov[box.start + 4 : box.start + 8] = b"free"
            body = box.start + box.head_bytes
            moov[body : box.end] = bytes(box.end - body)


def move_offsets(moov: bytearray, head_bytes: int, head: Box) -> None:
    """Let the tables of a head say where all lies once it stands in front: what came before it moves back by so much;
    raise ValueError where a table cannot say it."""
    for box in walk(moov, head_bytes, len(moov)):
        if box.kind not in TABLES:
            continue
        form = TABLES[box.kind]
        size, body = struct.calcsize(form), box.start + box.head_bytes
        count = struct.unpack_from(">I", moov, body + 4)[0]
        if body + 8 + count * size > box.end:
            raise ValueError("a table of offsets that is cut short")
        for entry in range(count):
            at = body + 8 + entry * size
            offset = struct.unpack_from(form, moov, at)[0]
            if offset >= head.start:
                continue
            if size == 4 and offset + head.size_bytes > LARGEST_OFFSET:  # noqa: PLR2004 (bytes)
                raise ValueError("too large for its table of offsets")
            struct.pack_into(form, moov, at, offset + head.size_bytes)


def main() -> None:
    """Be a program that writes the labelled clip to the descriptor that it was told; it answers `ok`."""
    bound_process(MOST_MEMORY_BYTES, CPU_SECONDS)
    number, packet = sys.argv[1:]
    with os.fdopen(0, "rb", closefd=False) as given, os.fdopen(int(number), "wb") as place:
        write_fast(given, place, base64.b64decode(packet))
    sys.stdout.buffer.write(b"ok\n")
