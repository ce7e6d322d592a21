"""A vendor's PNG of the plainest kind, labelled without a decoder: what most vendors send, and nothing odd in it.

Such a picture is on its way to the store while its sums, its packed pixels and its rows are looked at here: what is
whole so, every decoder reads. All that is odd in any way goes the longer way, which decides what becomes of it.
"""

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from isal import isal_zlib
from PIL import Image

from storage.containers import PNG_START, write_png
from storage.decoding import check_size, decode_own, flatten, read_image, take_any_size
from storage.labels import Label
from storage.relabelling import write_texts

# Where the first chunk ends, which must be the first: credentials stand behind it.
FREE_AT: Final = 33
HEAD: Final = struct.Struct(">I4s")
# Around a chunk's body: its length and kind before, its sum behind.
FRAME_BYTES, SUM_BYTES = 12, 4
# Of a pixel: grey, colours, and either with alpha, as Pillow calls them. A palette is odd enough.
MODES: Final = {0: "L", 2: "RGB", 4: "LA", 6: "RGBA"}
# They decide which colours the numbers mean, and stay.
SEEN: Final = frozenset({b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"cICP"})
# They are only read by programs, and go.
UNSEEN: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"tIME", b"pHYs", b"bKGD"})
# Encoders write pixels in parts of 8 kB and more: beyond that somebody wants us to count.
MOST_CHUNKS: Final = 20_000
PART_BYTES: Final = 256 * 1024
# The pixels of a larger picture are unpacked once more by whoever wants them: as bytes, they would fill the memory.
MOST_AT_HAND_BYTES: Final = 8 * 1024 * 1024
FILTERS: Final = 5
PIXELS, END = b"IDAT", b"IEND"


class NotPlain(ValueError):
    """There is something about this picture that is not looked at here."""


@dataclass(frozen=True)
class PlainPng:
    """The sizes of such a picture in pixels, and how its file begins once it is labelled."""

    width: int
    height: int
    mode: str
    head: bytes
    # Whether it says that its numbers mean other colours than is usual.
    is_odd: bool

    @property
    def row_bytes(self) -> int:
        """How long a row is, with its filter."""
        return 1 + self.width * len(self.mode)

    @property
    def tail(self) -> bytes:
        """How such a file ends."""
        return write_png([(END, b"")], start=b"")


def find_parts(data: mmap.mmap, label: Label) -> PlainPng:
    """Return what is told of a picture before its pixels; raise NotPlain for any other picture, RefusedPicture for one
    that is too large.

    Neither sums nor pixels are looked at yet.
    """
    if data[: len(PNG_START)] != PNG_START:
        raise NotPlain
    kinds = list(list_chunks(data))
    if not kinds or kinds[0][0] != b"IHDR" or kinds[-1][0] != END:
        raise NotPlain
    first = find_pixels([kind for kind, _, _ in kinds])
    width, height, mode = read_head(body_of(data, *kinds[0][1:]))
    seen = [
        (kind, body_of(data, start, end)) for kind, start, end in kinds[1:first] if kind in SEEN
    ]
    head = write_png([(b"IHDR", body_of(data, *kinds[0][1:])), *write_texts(label), *seen])
    said = {kind for kind, _ in seen}
    return PlainPng(width, height, mode, head, is_odd=b"gAMA" in said and b"sRGB" not in said)


def list_chunks(data: mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    """Yield each chunk's kind, where it starts and where it ends, up to the one that ends the picture."""
    place = len(PNG_START)
    for _ in range(MOST_CHUNKS):
        if place + FRAME_BYTES > len(data):
            raise NotPlain
        length, kind = HEAD.unpack_from(data, place)
        end = place + FRAME_BYTES + length
        if end > len(data):
            raise NotPlain
        yield kind, place, end
        if kind == END:
            return
        place = end
    raise NotPlain


def find_pixels(kinds: list[bytes]) -> int:
    """Return the number of the first chunk of pixels; raise NotPlain unless all follow it, between known ones alone."""
    first = next((number for number, kind in enumerate(kinds) if kind == PIXELS), 0)
    last = first + kinds.count(PIXELS) - 1
    before, behind = kinds[1:first], kinds[last + 1 : -1]
    stays = [kind for kind in before if kind in SEEN]
    if (
        not first
        or set(kinds[first : last + 1]) != {PIXELS}
        or set(before) - SEEN - UNSEEN
        or set(behind) - UNSEEN
        or len(stays) != len(set(stays))
    ):
        raise NotPlain
    return first


def read_head(body: bytes) -> tuple[int, int, str]:
    """Return a picture's width and height in pixels, and its mode."""
    if len(body) != 13:  # noqa: PLR2004 (its only length)
        raise NotPlain
    width, height, *ways = struct.unpack(">IIBBBBB", body)
    depth, kind, packing, filtering, interlacing = ways
    if (depth, packing, filtering, interlacing) != (8, 0, 0, 0) or kind not in MODES:
        raise NotPlain
    if not (width and height):
        raise NotPlain
    check_size(width, height)
    return width, height, MODES[kind]


def body_of(data: mmap.mmap, start: int, end: int) -> bytes:
    """Return a chunk's body."""
    return data[start + HEAD.size : end - SUM_BYTES]


def decode(data: mmap.mmap, parts: PlainPng) -> Image.Image:
    """Return the RGB pixels of a picture that was found whole, on white where one sees through it."""
    if parts.is_odd:
        return decode_own(data[:])
    return flatten(read_image(data[:], "PNG", take_any_size)).convert("RGB")


def read_parts(data: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    """Yield bytes in parts, so that a large file is never in memory as a whole."""
    for place in range(start, end, PART_BYTES):
        yield data[place : min(end, place + PART_BYTES)]


def read_labelled(data: mmap.mmap, parts: PlainPng, free_bytes: int = 0) -> Iterator[bytes]:
    """Yield the labelled file, its pixels as one chunk: who reads credentials walks over all chunks again and again.

    First comes what stands before FREE_AT, then so many free bytes, then the rest.
    """
    yield parts.head[:FREE_AT]
    yield bytes(free_bytes)
    yield parts.head[FREE_AT:]
    bodies = [
        (start + HEAD.size, end - SUM_BYTES)
        for kind, start, end in list_chunks(data)
        if kind == PIXELS
    ]
    yield HEAD.pack(sum(end - start for start, end in bodies), PIXELS)
    total = isal_zlib.crc32(PIXELS)
    for start, end in bodies:
        for part in read_parts(data, start, end):
            total = isal_zlib.crc32(part, total)
            yield part
    yield total.to_bytes(SUM_BYTES, "big")
    yield parts.tail


def look_through(data: mmap.mmap, parts: PlainPng) -> bytearray | None:
    """Return the rows of a picture that is whole, None of one that is too large for that, or odd; raise NotPlain as
    `check_whole` does."""
    if parts.is_odd or parts.row_bytes * parts.height > MOST_AT_HAND_BYTES:
        check_whole(data, parts)
        return None
    rows = bytearray()
    check_whole(data, parts, rows.extend)
    return rows


def decode_rows(rows: bytearray, parts: PlainPng) -> Image.Image:
    """Return the RGB pixels of rows that were looked through, on white where one sees through them.

    Pillow takes three times as long to unpack as for all the rest, and gets them packed as loosely as can be.
    """
    packed, size = zlib.compress(rows, 0), (parts.width, parts.height)
    return flatten(Image.frombytes(parts.mode, size, packed, "zip", parts.mode)).convert("RGB")


def check_whole(
    data: mmap.mmap, parts: PlainPng, take: Callable[[bytes], None] | None = None
) -> None:
    """Raise NotPlain unless each sum is right, and the pixels are one whole stream of as many rows as there must be;
    what was unpacked is given to whoever takes it."""
    rows = Rows(parts.row_bytes, parts.height, take)
    for kind, start, end in list_chunks(data):
        total = isal_zlib.crc32(kind)
        for part in read_parts(data, start + HEAD.size, end - SUM_BYTES):
            total = isal_zlib.crc32(part, total)
            if kind == PIXELS:
                rows.add(part)
        if total.to_bytes(SUM_BYTES, "big") != data[end - SUM_BYTES : end]:
            raise NotPlain
    if not rows.are_whole():
        raise NotPlain


class Rows:
    """Pixels as they are unpacked: counted, and each row's filter looked at."""

    def __init__(
        self, row_bytes: int, number: int, take: Callable[[bytes], None] | None = None
    ) -> None:
        self._take = take
        # In less than half of zlib's time.
        self._unpacker = isal_zlib.decompressobj()
        self._row_bytes = row_bytes
        self._expected = row_bytes * number
        self._count = 0

    def add(self, packed: bytes) -> None:
        """Unpack some more; raise NotPlain for what is wrong, or more than there must be."""
        while packed:
            if self._unpacker.eof:
                raise NotPlain
            try:
                rows = self._unpacker.decompress(packed, PART_BYTES)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stub has an instance there
                raise NotPlain from error
            filters = rows[-self._count % self._row_bytes :: self._row_bytes]
            self._count += len(rows)
            if self._count > self._expected or (filters and max(filters) >= FILTERS):
                raise NotPlain
            if self._take:
                self._take(rows)
            packed = self._unpacker.unconsumed_tail
            if not rows and packed:
                raise NotPlain

    def are_whole(self) -> bool:
        """Return whether all came, and nothing behind it."""
        return (
            self._unpacker.eof and not self._unpacker.unused_data and self._count == self._expected
        )
