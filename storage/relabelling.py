"""A vendor's picture in its own container with our label: its pixels and colours as they came, nothing else of it.

Kept are the coded pixels, bit by bit, and what decides how they are seen: profile, gamma, the transparent colour and
which way is up. Gone are words, places, comments, thumbnails, whatever follows the picture's end, and the vendor's own
XMP: ours takes its place. A C2PA manifest goes, too, since it signs the bytes around it: `vendor_pictures` keeps it as
an ingredient of the hub's own.

Also a program, run as `decoding` is and with the same limits. It imports nothing of the hub but its neighbours here.
"""

import os
import struct
import sys
import zlib
from collections.abc import Iterator
from typing import Final

from PIL import Image

from storage.bounded import MOST_MEMORY_BYTES, answer_bounded, bound_seconds
from storage.containers import (
    APP1,
    APP2,
    Chunk,
    Container,
    RefusedPicture,
    find_png_profile,
    open_container,
    read_segments,
    write_png,
)
from storage.decoding import LARGEST_SIDE_PIXELS, measure, open_image, read_image, show
from storage.exif import EXIF_START, UPRIGHT, write_tags
from storage.labels import Label
from storage.unpacking import unpack

# What decides which colours the numbers mean; iCCP is looked at first.
PNG_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"cICP", b"mDCV", b"cLLI"}
)
# The key of a text and that it is neither packed nor of a language.
PNG_XMP: Final = b"XML:com.adobe.xmp\0\0\0\0\0"
# What the tools of this trade call the words of a picture.
PNG_PARAMETERS: Final = b"parameters\0\0\0\0\0"
JPEG_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
# The start of a JPEG and its one JFIF segment, which stands before all others.
JFIF_START: Final = b"\xff\xd8\xff\xe0"
JFIF_BYTES: Final = 20
APP11: Final = 0xEB
# Of a part of a JPEG's profile, beside its head of 14.
MOST_PROFILE_BYTES: Final = 65_519
WEBP_ICC, WEBP_ALPHA, WEBP_EXIF, WEBP_XMP = 0x20, 0x10, 0x08, 0x04
PART_BYTES: Final = 64 * 1024
# The thumbnail needs no more of the shorter side: it halves that, and looks the same.
THUMBNAIL_SOURCE_PIXELS: Final = 400


def relabel(data: bytes, label: Label) -> bytes:
    """Return the same picture with this label alone; raise RefusedPicture for one that moves, ValueError for none."""
    return relabel_opened(data, open_container(data), label)


def relabel_opened(data: bytes, container: Container, label: Label) -> bytes:
    """Return the same picture with this label alone, of data that was opened before."""
    return WRITERS[container.format](data, container, label)


def relabel_png(_data: bytes, container: Container, label: Label) -> bytes:
    """Keep the chunks that are seen, in their order."""
    first: dict[bytes, bytes] = {}
    pixels = []
    for kind, body in container.chunks:
        if kind == b"acTL":
            raise RefusedPicture("animated")
        if kind == b"IDAT":
            pixels.append(body)
        elif not pixels:
            first.setdefault(kind, bytes(body))
    head = first.pop(b"IHDR")
    # A profile that cannot be read is passed over by all who look, and may be anything.
    has_profile = b"iCCP" in first and find_png_profile({b"iCCP": first[b"iCCP"]})
    kept = PNG_KEPT | {b"iCCP"} if has_profile else PNG_KEPT
    added = write_texts(label)
    if container.orientation != UPRIGHT:
        added.append((b"eXIf", write_tags(container.orientation)))
    seen = [
        (kind, body)
        for kind, body in first.items()
        if kind in kept and (kind != b"tRNS" or is_transparency(body, head, first))
    ]
    stream = container.stream or close_stream(b"".join(pixels))
    return write_png([(b"IHDR", head), *added, *seen, (b"IDAT", stream), (b"IEND", b"")])


def write_texts(label: Label) -> list[Chunk]:
    """Return the chunks of a PNG that hold a label."""
    chunks: list[Chunk] = [(b"iTXt", PNG_XMP + label.xmp)]
    if label.parameters:
        chunks.append((b"iTXt", PNG_PARAMETERS + label.parameters.encode()))
    return chunks


def is_transparency(body: bytes, head: bytes, chunks: dict[bytes, bytes]) -> bool:
    """Return whether a PNG of this head can be transparent so; browsers pass over what cannot, others fail at it."""
    colour_type = head[9]
    if colour_type == 3:  # noqa: PLR2004 (a palette)
        return len(body) <= len(chunks.get(b"PLTE", b"")) // 3
    return len(body) == {0: 2, 2: 6}.get(colour_type)


def close_stream(stream: bytes) -> bytes:
    """Return a PNG's pixels without what follows them, and with the right sum, which not every program looks at.

    Raises ValueError for a stream without an end.
    """
    unpacker, total, end = zlib.decompressobj(-zlib.MAX_WBITS), zlib.adler32(b""), 2
    view = memoryview(stream)
    # In parts, so that what a few bytes unpack to is never in memory as a whole.
    while not unpacker.eof and end < len(stream):
        part = view[end : end + PART_BYTES]
        total = zlib.adler32(unpacker.decompress(part), total)
        end += len(part) - len(unpacker.unused_data)
    if not unpacker.eof:
        raise ValueError("the pixels have no end")
    closing = struct.pack(">I", total)
    return stream if stream[end:] == closing else stream[:end] + closing


def relabel_jpeg(_data: bytes, container: Container, label: Label) -> bytes:
    """Add the label, the orientation and the profile to what decodes."""
    start = JFIF_BYTES if container.data.startswith(JFIF_START) else 2
    added = []
    if tags := write_tags(container.orientation, label.parameters):
        added.append((APP1, EXIF_START + tags))
    added.append((APP1, JPEG_XMP + label.xmp))
    added += [(APP2, part) for part in cut_profile(container.profile)]
    end = b"" if container.has_end else b"\xff\xd9"
    segments = (struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body for kind, body in added)
    return b"".join([container.data[:start], *segments, container.data[start:], end])


def cut_profile(profile: bytes) -> list[bytes]:
    """Return a profile in the parts that a JPEG holds."""
    parts = [
        profile[start : start + MOST_PROFILE_BYTES]
        for start in range(0, len(profile), MOST_PROFILE_BYTES)
    ]
    return [
        b"ICC_PROFILE\0" + bytes([number, len(parts)]) + part
        for number, part in enumerate(parts, 1)
    ]


def relabel_webp(data: bytes, container: Container, label: Label) -> bytes:
    """Keep the picture and its alpha, in the extended form that can hold a label."""
    first: dict[bytes, bytes] = {}
    for kind, body in read_riff(data):
        if kind in {b"ANIM", b"ANMF"}:
            raise RefusedPicture("animated")
        first.setdefault(kind, body)
    kind = b"VP8 " if b"VP8 " in first else b"VP8L"
    picture = first[kind]
    if b"VP8X" in first:
        flags = first[b"VP8X"][0] & WEBP_ALPHA
    else:
        # The simple form says it in the 29th bit after the signature.
        has_alpha = kind == b"VP8L" and int.from_bytes(picture[1:5], "little") >> 28 & 1
        flags = WEBP_ALPHA if has_alpha else 0
    chunks = []
    if container.profile:
        flags |= WEBP_ICC
        chunks.append((b"ICCP", container.profile))
    if kind == b"VP8 " and b"ALPH" in first:
        chunks.append((b"ALPH", first[b"ALPH"]))
    chunks.append((kind, picture))
    if tags := write_tags(container.orientation, label.parameters):
        flags |= WEBP_EXIF
        chunks.append((b"EXIF", tags))
    chunks.append((b"XMP ", label.xmp))
    sides = (side - 1 for side in read_image(data, "WEBP").size)
    size = b"".join(side.to_bytes(3, "little") for side in sides)
    chunks.insert(0, (b"VP8X", bytes([flags | WEBP_XMP, 0, 0, 0]) + size))
    body = b"WEBP" + b"".join(write_riff(kind, body) for kind, body in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def read_riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a WebP's chunks up to the end that it tells; one that is cut short is not there."""
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    place = 12
    while place + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + length]
        if len(body) == length:
            yield kind, body
        place += 8 + length + length % 2


def write_riff(kind: bytes, body: bytes) -> bytes:
    """Return a chunk as a WebP holds it."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


# Whose pictures stay as they came; all others are encoded anew.
WRITERS: Final = {"PNG": relabel_png, "JPEG": relabel_jpeg, "WEBP": relabel_webp}


def has_manifest(data: bytes, container: Container) -> bool:
    """Return whether the file carries a C2PA manifest of its own."""
    if container.format == "PNG":
        return any(kind == b"caBX" for kind, _ in container.chunks)
    if container.format == "JPEG":
        return any(kind == APP11 and b"c2pa" in body for kind, body, _ in read_segments(data))
    return container.format == "WEBP" and any(kind == b"C2PA" for kind, _ in read_riff(data))


def main(most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
    """Write the file to the descriptor that the program was told, with the label that it was told (packet, parameters);
    answer its facts, or `refused CODE`."""
    # Somebody waits for what was paid for: it stands behind nobody.
    answer_bounded(answer_facts, most_memory_bytes, niceness=0)


def answer_facts(data: bytes) -> bytes:
    """Return `ok FORMAT WIDTH HEIGHT`, whether a manifest went, and pixels (their size first) for the thumbnail; these
    alone where no file is to be labelled."""
    container = open_container(data)
    bound_seconds(*measure(container))
    container = unpack(container)
    image = show(container, open_image(container), LARGEST_SIDE_PIXELS)
    if len(sys.argv) > 1:
        with os.fdopen(int(sys.argv[1]), "wb") as place:
            place.write(relabel_opened(data, container, Label(sys.argv[2].encode(), sys.argv[3])))
    return describe_facts(container.format, image, data, container)


def describe_facts(form: str, image: Image.Image, data: bytes, container: Container) -> bytes:
    """Return the answer for a picture of this format: its facts, whether what came had a manifest, and small pixels."""
    # Pixels alone go on: no metadata can be left behind.
    small = shrink(image)
    facts = (form, *image.size, int(has_manifest(data, container)), *small.size)
    return f"ok {' '.join(map(str, facts))}\n".encode() + small.tobytes()


def shrink(image: Image.Image) -> Image.Image:
    """Return a picture's RGB pixels, as few as a thumbnail needs."""
    return image.reduce(max(1, min(image.size) // THUMBNAIL_SOURCE_PIXELS)).convert("RGB")


if __name__ == "__main__":
    main()
