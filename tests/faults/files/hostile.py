"""Pictures that were made to do harm, each from its number alone: cut, bent, lying, endless, or two things at once."""

import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

import pillow_heif
from PIL import Image

from tests.storage import made_pictures as made

pillow_heif.register_heif_opener()
SIZES = (0, 1, 16, 255, 8192, 8193, 20_000, 65_535, 2**31 - 1, 2**32 - 1)
TAILS = (
    b"<script>alert(1)</script>",
    b"PK\3\4" + bytes(26),
    b"GIF89a\1\0\1\0",
    b"%PDF-1.7\n",
    b"MZ",
    bytes(5000),
)
HEADS = (
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\xff\xff\xff\xffWEBPVP8X", b"RIFF\0\0\0\0WEBPVP8L",
    b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
)  # fmt: skip


@cache
def good() -> list[bytes]:
    """Return pictures of every kind that is taken, which others are made of."""
    scene = made.scene().resize((96, 64))
    frames = [scene.rotate(angle) for angle in (90, 180)]
    boxed = [
        made.encode(scene, "AVIF", quality=60),
        made.encode(scene.convert("RGBA"), "AVIF", quality=60),
        made.encode(scene, "AVIF", save_all=True, append_images=frames),
        made.encode(scene, "HEIF", quality=60),
    ]
    return [*made.all_pictures().values(), made.animated_png(), *boxed]


def cut(chance: random.Random, data: bytes) -> bytes:
    """Return the start of a picture."""
    return data[: chance.randrange(len(data))]


def bend(chance: random.Random, data: bytes) -> bytes:
    """Return a picture with other bytes here and there."""
    bent = bytearray(data)
    for _ in range(chance.choice((1, 3, 30, 300))):
        bent[chance.randrange(len(bent))] = chance.randrange(256)
    return bytes(bent)


def lie(chance: random.Random, data: bytes) -> bytes:
    """Return a picture in which a number is another, as lengths, counts and sizes are written."""
    place = chance.randrange(max(1, len(data) - 4))
    width = chance.choice((">I", "<I", ">H", "<H"))
    number = chance.choice(SIZES) & ((1 << 8 * struct.calcsize(width)) - 1)
    return data[:place] + struct.pack(width, number) + data[place + struct.calcsize(width) :]


def splice(chance: random.Random, data: bytes) -> bytes:
    """Return the start of one picture and the end of another."""
    other = chance.choice(good())
    return cut(chance, data) + other[chance.randrange(len(other)) :]


def join(chance: random.Random, data: bytes) -> bytes:
    """Return a picture that is something else as well."""
    return data + chance.choice(TAILS) + chance.choice((b"", chance.choice(good())))


def repeat(chance: random.Random, data: bytes) -> bytes:
    """Return a picture of which a part comes again and again."""
    start = chance.randrange(len(data))
    part = data[start : start + chance.choice((1, 12, 64, 1000))]
    return data[:start] + part * chance.choice((2, 50, 3000)) + data[start:]


def fill(chance: random.Random, _data: bytes) -> bytes:
    """Return noise behind a picture's first bytes."""
    return chance.choice(HEADS) + chance.randbytes(chance.choice((0, 10, 500, 20_000)))


def swell(chance: random.Random, _data: bytes) -> bytes:
    """Return a PNG that unpacks to far more than it weighs, of a size that may be true."""
    width, height = chance.choice(SIZES[1:7]), chance.choice(SIZES[1:7])
    depth, kind = chance.choice((1, 2, 4, 8, 16, 3)), chance.choice((0, 2, 3, 4, 6, 1))
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, chance.randrange(2))
    rows = zlib.compress(bytes(chance.choice((10, 100_000, 30_000_000))), 9)
    chunks = [made.chunk(b"IHDR", head), made.chunk(b"IDAT", rows), made.chunk(b"IEND", b"")]
    if kind == 3:
        colours = made.chunk(b"PLTE", chance.randbytes(chance.choice((0, 2, 3, 768, 900))))
        chunks[1:1] = [
            colours,
            made.chunk(b"tRNS", chance.randbytes(chance.choice((0, 1, 256, 300)))),
        ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def stuff(chance: random.Random, _data: bytes) -> bytes:
    """Return a picture whose tags or profile are noise, or endless."""
    noise = chance.randbytes(chance.choice((0, 7, 600, 60_000)))
    packed = b"name\0\0" + zlib.compress(bytes(chance.choice((10, 20_000_000))))
    return chance.choice(
        (
            made.after_start(made.jpeg(), made.segment(0xE1, b"Exif\0\0" + noise)),
            made.after_start(made.jpeg("CMYK"), made.segment(0xE2, b"ICC_PROFILE\0\1\1" + noise)),
            made.after_start(made.jpeg(), made.segment(0xEE, b"Adobe" + noise[:7])),
            made.make_png(extra=made.chunk(b"iCCP", packed)),
            made.make_png(extra=made.chunk(b"eXIf", noise)),
            made.make_png(extra=made.chunk(b"gAMA", noise[:4]) + made.chunk(b"cHRM", noise[:32])),
            made.encode(made.scene(), "WEBP", exif=noise[:60_000], icc_profile=noise),
        )
    )


def scan(chance: random.Random, _data: bytes) -> bytes:
    """Return a JPEG that is gone over again and again."""
    return made.scan_bomb(chance.choice((100, 1000)), 1000, chance.choice((12, 99, 101)))


def widen(chance: random.Random, _data: bytes) -> bytes:
    """Return a picture of a shape, or of as many pixels, as are taken or just not."""
    size = chance.choice(((8192, 3000), (8193, 1), (5001, 5000), (4000, 100), (1, 1), (2000, 99)))
    form, words = chance.choice(
        (
            ("PNG", {}),
            ("JPEG", {}),
            ("WEBP", {"lossless": True, "method": 0}),
            ("AVIF", {"speed": 10}),
        )
    )
    return made.encode(Image.new("RGB", size, "grey"), form, **words)


WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    cut, bend, lie, splice, join, repeat, fill, swell, stuff, scan, cut, bend, lie, bend, lie, splice, bend, lie, cut,
    widen,
)  # fmt: skip


def make(number: int) -> tuple[str, bytes]:
    """Return what was done to a picture, and the file; of one number always the same."""
    chance = random.Random(number)
    way = WAYS[number % len(WAYS)]
    return way.__name__, way(chance, chance.choice(good()))
