"""What a picture's file holds around its pixels: found without a decoder, and taken away before one sees it.

What a stranger's text chunks or camera tags hold can neither refuse a picture nor cost time. Of all that, three things
are kept, since they decide what people see: which way is up, the colours' profile, and which colour is transparent.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from storage.boxes import find_boxed, read_boxed
from storage.exif import EXIF_START, UPRIGHT, read_orientation
from storage.profiles import SRGB, make_profile

MOST_SCANS: Final = 100
"""What browsers decode of one JPEG; ordinary ones have 1, progressive ones about 10."""
MOST_SCANNED_PIXELS: Final = 600_000_000
"""Each scan goes over the whole picture: 24 of the largest that is taken."""
LARGEST_PROFILE_BYTES: Final = 4_000_000

PNG_START: Final = b"\x89PNG\r\n\x1a\n"
# A marker as libjpeg finds it: whatever stands before is skipped. Of many 0xff the last counts: to match them all would
# take the square of their number.
MARKER: Final = re.compile(rb"\xff([^\x00\xff])")
# The markers that end a scan's data: it is interrupted by restarts, and an escaped 0xff is none.
AFTER_SCAN: Final = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
# Baseline, extended and progressive, coded by Huffman: what browsers show.
FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
OTHER_FRAMES: Final = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
START, END, SCAN, COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
LONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
APP0, APP1, APP2, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
# Of each part of a JPEG's profile: a name, its number and how many there are.
ICC_HEAD_BYTES: Final = 14

# A kind and a body; pixels are not copied out of the file.
Chunk = tuple[bytes, bytes | memoryview]


class RefusedPicture(ValueError):
    """The picture is too large in some way; the argument is the stable code of which."""


@dataclass(frozen=True)
class Container:
    """A file reduced to its pixels, and what decides how they are seen."""

    format: str
    data: bytes
    orientation: int = UPRIGHT
    profile: bytes = b""
    # Of a PNG: bits of a value, and the one grey or colour that is transparent.
    depth: int = 8
    transparent: tuple[int, ...] = ()
    # Without its end marker nobody knows whether data is missing as well.
    has_end: bool = True
    # Of a PNG: all its chunks as they came, and its packed pixels where `data` holds them unpacked.
    chunks: "Sequence[Chunk]" = ()
    stream: bytes | memoryview = b""


def find_format(data: bytes) -> str:
    """Return the format that the first bytes tell, empty for any that is not taken."""
    if data.startswith(PNG_START):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "WEBP" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else find_boxed(data)


def open_container(data: bytes) -> Container:
    """Return what a file holds; raise RefusedPicture for a JPEG of endless scans, ValueError for what is none."""
    openers = {"PNG": open_png, "JPEG": open_jpeg, "WEBP": open_webp}
    form = find_format(data)
    if not form:
        raise ValueError("no picture of a kind that is taken")
    return openers[form](data) if form in openers else open_boxed(form, data)


def open_png(data: bytes) -> Container:
    """Keep the chunks that pixels are made of."""
    found = list(read_chunks(data))
    first: dict[bytes, bytes] = {}
    pixels = []
    for kind, body in found:
        if kind == b"IDAT":
            pixels.append(body)
        elif kind == b"eXIf" or not pixels:
            first.setdefault(kind, bytes(body))
    depth, colour_type = struct.unpack_from(">BB", first[b"IHDR"], 8)
    kept: dict[bytes, bytes] = {kind: first[kind] for kind in (b"IHDR", b"PLTE") if kind in first}
    transparency = first.get(b"tRNS", b"")
    transparent: tuple[int, ...] = ()
    if colour_type == 3:  # noqa: PLR2004 (a palette)
        kept |= fill_palette(first.get(b"PLTE", b""), transparency, 1 << min(depth, 8))
    elif len(transparency) == {0: 2, 2: 6}.get(colour_type):
        values = struct.unpack(f">{len(transparency) // 2}H", transparency)
        transparent = tuple(value & ((1 << depth) - 1) for value in values)
    return Container(
        "PNG",
        write_png([*kept.items(), (b"IDAT", b"".join(pixels)), (b"IEND", b"")]),
        read_orientation(first.get(b"eXIf", b"")),
        find_png_profile(first),
        depth,
        transparent,
        chunks=found,
    )


def fill_palette(palette: bytes, alpha: bytes, colours: int) -> dict[bytes, bytes]:
    """Return a palette for every number that pixels can hold: its last colour stands for those beyond it."""
    count = len(palette) // 3
    alpha = alpha[:count].ljust(count, b"\xff")
    missing = max(0, colours - count)
    filled = {
        b"PLTE": palette + missing * palette[-3:],
        b"tRNS": alpha + missing * alpha[-1:],
    }
    return filled if set(alpha) - {255} else {b"PLTE": filled[b"PLTE"]}


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield a PNG's chunks up to its end; broken ones that pixels do not need are passed over, as browsers do."""
    place, view = len(PNG_START), memoryview(data)
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = view[place + 8 : place + 8 + length]
        end = place + 12 + length
        is_whole = data[end - 4 : end] == struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
        is_needed = not kind[0] & 0x20
        if is_needed and not is_whole:
            raise ValueError(f"the chunk {kind!r} is broken")
        if is_needed and kind not in {b"IHDR", b"PLTE", b"IDAT", b"IEND"}:
            raise ValueError(f"nobody knows the chunk {kind!r}")
        if kind == b"IEND":
            return
        if is_whole:
            yield kind, body if kind == b"IDAT" else bytes(body)
        place = end


def write_png(chunks: Iterable[Chunk], start: bytes = PNG_START) -> bytes:
    """Return the PNG of these chunks after those that it starts with, each body copied once."""
    parts: list[bytes | memoryview] = [start]
    for kind, body in chunks:
        total = zlib.crc32(body, zlib.crc32(kind))
        parts += [struct.pack(">I4s", len(body), kind), body, struct.pack(">I", total)]
    return b"".join(parts)


def without_sum(data: bytes) -> bytes:
    """Return a PNG of ours whose pixels lack the sum at their end: browsers do not look at it."""
    head, _, rest = data.partition(b"IDAT")
    ended = write_png([(b"IDAT", rest[:-20]), (b"IEND", b"")])
    return head[:-4] + ended[len(PNG_START) :]


def find_png_profile(chunks: dict[bytes, bytes]) -> bytes:
    """Return the profile that a PNG names, carries, or describes by its gamma and primaries; empty for sRGB."""
    if b"iCCP" in chunks:
        unpacker = zlib.decompressobj()
        try:
            profile = unpacker.decompress(
                chunks[b"iCCP"].partition(b"\0")[2][1:], LARGEST_PROFILE_BYTES
            )
        except zlib.error:
            profile = b""
        if is_profile(profile):
            return profile
    if b"sRGB" in chunks:
        return b""
    gamma, primaries = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    if len(gamma) != 4:  # noqa: PLR2004 (its only length)
        return b""
    # Primaries alone say too little, and browsers pass them over.
    return make_profile(
        int.from_bytes(gamma, "big") / 100_000,
        [value / 100_000 for value in struct.unpack(">8I", primaries)]
        if len(primaries) == 32  # noqa: PLR2004 (its only length)
        else SRGB,
    )


def is_profile(profile: bytes) -> bool:
    """Say whether these bytes are as long as a profile says of itself, and signed as one."""
    return profile[36:40] == b"acsp" and int.from_bytes(profile[:4], "big") == len(profile)


def open_jpeg(data: bytes) -> Container:
    """Keep the frame, its tables and its scans; raise RefusedPicture when there are too many of these."""
    kept, orientation, parts, pixels = [b"\xff\xd8"], 0, dict[int, bytes](), 0
    for kind, body, start in read_segments(data):
        if kind == SCAN:
            end, has_end = end_of_scans(data, start, pixels)
            kept.append(data[start:end])
            break
        if kind in OTHER_FRAMES:
            raise ValueError(f"a frame of the kind {kind:#x}")
        if kind in FRAMES:
            height, width = struct.unpack_from(">HH", body, 1)
            pixels = height * width
        if kind == APP1 and body.startswith(b"Exif\0") and not orientation:
            orientation = read_orientation(body[6:])
        if kind == APP2 and body.startswith(b"ICC_PROFILE\0") and len(body) > ICC_HEAD_BYTES:
            parts[body[12]] = body[14:]
        if kept_body := keep_segment(kind, body):
            kept.append(struct.pack(">BBH", 0xFF, kind, len(kept_body) + 2) + kept_body)
    else:
        raise ValueError("no scan")
    profile = b"".join(parts[number] for number in sorted(parts))
    return Container(
        "JPEG",
        b"".join(kept),
        orientation or UPRIGHT,
        profile if is_profile(profile) else b"",
        has_end=has_end,
    )


def read_segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield each segment of a JPEG's head: its marker, its body, and where it starts; the first scan is the last."""
    place = 2
    while found := MARKER.search(data, place):
        kind, place = found[1][0], found.end()
        if kind in LONE:
            continue
        if kind in {START, END}:
            return
        length = int.from_bytes(data[place : place + 2], "big")
        if length < 2 or place + length > len(data):  # noqa: PLR2004 (the length's own bytes)
            return
        yield kind, data[place + 2 : place + length], found.end() - 2
        if kind == SCAN:
            return
        place += length


def keep_segment(kind: int, body: bytes) -> bytes:
    """Return what stays of a segment: all that decodes, and of the rest what says how colours are coded."""
    if kind == APP0 and body.startswith(b"JFIF\0"):
        # Without its thumbnail.
        return b"JFIF\0\1\1\0\0\1\0\1\0\0"
    if kind == APP14 and body.startswith(b"Adobe"):
        return body
    return b"" if APP0 <= kind <= APP15 or kind == COMMENT else body


def end_of_scans(data: bytes, start: int, pixels: int) -> tuple[int, bool]:
    """Return where the first picture ends and whether it says so itself, counting its scans."""
    place, scans = start, 0
    while found := AFTER_SCAN.search(data, place):
        kind, place = found[1][0], found.end()
        if kind == END:
            return place, True
        if kind == SCAN:
            scans += 1
            if scans > MOST_SCANS or scans * pixels > MOST_SCANNED_PIXELS:
                raise RefusedPicture("too_many_scans")
        if kind not in {START, 0x01}:
            place += int.from_bytes(data[place : place + 2], "big")
    return len(data), False


def open_webp(data: bytes) -> Container:
    """Find the profile and the orientation; its decoder looks at nothing else."""
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind in {b"ICCP", b"EXIF"}:
            found.setdefault(kind, data[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    profile = found.get(b"ICCP", b"")
    orientation = read_orientation(found.get(b"EXIF", b"").removeprefix(b"Exif\0\0"))
    return Container("WEBP", data, orientation, profile if is_profile(profile) else b"")


def open_boxed(form: str, data: bytes) -> Container:
    """Ask the reader of an AVIF or HEIC: what its boxes say is turned by a decoder, or by nobody."""
    tags, profile = read_boxed(form, data)
    orientation = read_orientation(tags.removeprefix(EXIF_START))
    return Container(form, data, orientation, profile if is_profile(profile) else b"")
