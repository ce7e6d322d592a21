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
# What of a file has not come yet: from where, to before where.
Hole = tuple[int, int]
NO_HOLE: Final = (0, 0)
LONGEST_HEAD_BYTES: Final = 16
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


def read_boxes(file: IO[bytes], size_bytes: int, hole: Hole = NO_HOLE) -> list[Box]:
    """Return the boxes of a file that is so large, once it is whole; raise ValueError for one that is cut short, or has
    no head or no data, or whose boxes begin in the hole."""
    end, at, found = size_bytes, 0, list[Box]()
    while at < end:
        if hole[0] - LONGEST_HEAD_BYTES < at < hole[1]:
            raise ValueError("not there yet")
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


class Layout:
    """How a clip is put together anew: parts of the file as it came (`c`), and of one with what is new (`n`)."""

    def __init__(self, place: IO[bytes]) -> None:
        self._place = place
        self._at = 0
        self._parts: list[tuple[str, int, int]] = []

    def keep(self, start: int, end: int) -> None:
        """Let a part follow as it came."""
        self._add("c", start, end)

    def write(self, data: bytes | bytearray) -> None:
        """Let this follow."""
        self._place.write(data)
        self._add("n", self._at, self._at + len(data))
        self._at += len(data)

    def _add(self, kind: str, start: int, end: int) -> None:
        if start == end:
            return
        if self._parts and self._parts[-1][0] == kind and self._parts[-1][2] == start:
            start = self._parts.pop()[1]
        self._parts.append((kind, start, end))

    def __str__(self) -> str:
        """Return the parts in their order: `KIND:START:END`, END being the first byte behind it."""
        return " ".join(f"{kind}:{start}:{end}" for kind, start, end in self._parts)


def lay_fast(
    source: IO[bytes], size_bytes: int, layout: Layout, label: bytes, hole: Hole = NO_HOLE
) -> float:
    """Lay a clip out with its head in front and our label alone, and return its seconds as its head says, 0 where it
    says none; raise ValueError for one that is none, or of which too much is still missing."""
    boxes = read_boxes(source, size_bytes, hole)
    [head] = [box for box in boxes if box.kind == b"moov"]
    first_data = min(box.start for box in boxes if box.kind == b"mdat")
    is_late = head.start > first_data
    if is_late and any(box.kind == b"moof" for box in boxes):
        raise ValueError("a head behind its parts")
    moov = read_head(source, head, hole, is_late=is_late)
    for box in boxes:
        if box is head:
            layout.write(b"" if is_late else moov)
        elif box.kind in WORDS:
            blank(source, layout, box)
        else:
            layout.keep(box.start, box.end)
        if box.kind == b"ftyp" and is_late:
            layout.write(moov)
    layout.write(struct.pack(">I4s", 24 + len(label), b"uuid") + XMP + label)
    return read_seconds(moov, head.head_bytes)


def read_head(source: IO[bytes], head: Box, hole: Hole, *, is_late: bool) -> bytearray:
    """Return a clip's head without words, as it must be where it stands in front."""
    if head.size_bytes > MOST_HEAD_BYTES:
        raise ValueError("a head of too many bytes")
    if head.start < hole[1] and hole[0] < head.end:
        raise ValueError("its head is not there yet")
    source.seek(head.start)
    moov = bytearray(source.read(head.size_bytes))
    blank_words(moov, head.head_bytes)
    if is_late:
        move_offsets(moov, head.head_bytes, head)
    return moov


def read_seconds(moov: bytearray, head_bytes: int) -> float:
    """Return for how many seconds a head says that its clip is shown; 0 where it does not."""
    for box in walk(moov, head_bytes, len(moov)):
        if box.kind == b"mvhd":
            body = box.start + box.head_bytes
            # The version decides how wide its times are.
            form, at = (">IQ", body + 20) if moov[body] else (">II", body + 12)
            scale, ticks = struct.unpack_from(form, moov, at)
            return float(ticks / scale) if scale else 0.0
    return 0.0


def blank(source: IO[bytes], layout: Layout, box: Box) -> None:
    """Put as many bytes that mean nothing in the place of a vendor's own box, so that nothing else moves."""
    source.seek(box.start)
    layout.write(source.read(box.head_bytes).replace(box.kind, b"free", 1))
    left = box.size_bytes - box.head_bytes
    while left:
        part = bytes(min(left, PART_BYTES))
        layout.write(part)
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
    """Be a program that writes what is new of a labelled clip to the descriptor that it was told, with our label, the
    size that the clip will have, and the hole that it has yet; it answers `ok`, its seconds, and the layout."""
    bound_process(MOST_MEMORY_BYTES, CPU_SECONDS)
    number, packet, *sizes = sys.argv[1:]
    size_bytes, *hole = map(int, sizes)
    with os.fdopen(0, "rb", closefd=False) as given, os.fdopen(int(number), "wb") as place:
        layout = Layout(place)
        label = base64.b64decode(packet)
        seconds = lay_fast(given, size_bytes, layout, label, (hole[0], hole[1]))
    sys.stdout.buffer.write(f"ok {seconds:.3f} {layout}\n".encode())
