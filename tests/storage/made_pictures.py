"""Pictures as cameras, programs and strangers write them: each of them is shown by a browser, and must be taken."""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from PIL import Image

from storage.labels import Label, describe, name_producer
from storage.profiles import make_profile

WIDTH, HEIGHT = 24, 16
LABEL = Label(describe(name_producer("a producer", f"art_{0:032x}", "a seal")))
P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
NOISE = b"\x01\x02 no tags at all \xff" * 3


def chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    """Return a PNG's chunk, with a checksum that may be wrong."""
    right = zlib.crc32(kind + data)
    return (
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", right if crc is None else crc)
    )


def value_at(x: int, y: int, channel: int, depth: int) -> int:
    """Return a value of every part of the range, different in each channel."""
    share = (x / (WIDTH - 1), y / (HEIGHT - 1), (x + y) / (WIDTH + HEIGHT - 2), x / (WIDTH - 1))
    return round(share[channel] * ((1 << depth) - 1))


def pack_rows(kind: int, depth: int, xs: range, ys: range) -> bytes:
    """Return the rows of these columns, each begun by its filter (none)."""
    rows = bytearray()
    for y in ys:
        bits = "".join(
            f"{value_at(x, y, channel if kind != 4 or not channel else 3, depth):0{depth}b}"
            for x in xs
            for channel in range(CHANNELS[kind])
        )
        rows.append(0)
        rows += int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return bytes(rows)


def make_png(
    kind: int = 2, depth: int = 8, *, interlaced: bool = False, extra: bytes = b""
) -> bytes:
    """Return a PNG; `extra` stands before its pixels."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, int(interlaced))
    if interlaced:
        rows = b"".join(
            pack_rows(kind, depth, range(x, WIDTH, across), range(y, HEIGHT, down))
            for x, y, across, down in PASSES
        )
    else:
        rows = pack_rows(kind, depth, range(WIDTH), range(HEIGHT))
    colours = [(17 * n % 256, 255 - 5 * n % 256, 3 * n % 256) for n in range(1 << min(depth, 8))]
    palette = chunk(b"PLTE", bytes(v for colour in colours for v in colour)) if kind == 3 else b""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    pixels = chunk(b"IDAT", zlib.compress(rows))
    # The profile and the gamma come before a palette, the transparent colour after it.
    early, late = (extra, b"") if b"tRNS" not in extra else (b"", extra)
    return start + early + palette + late + pixels + chunk(b"IEND", b"")


def transparent(kind: int, depth: int) -> bytes:
    """Return the chunk that makes the value of one pixel in the middle transparent, or half a palette."""
    if kind == 3:
        return chunk(b"tRNS", bytes(range(0, 256, 256 // (1 << depth)))[: 1 << depth])
    values = (value_at(9, 7, channel, depth) for channel in range(CHANNELS[kind]))
    return chunk(b"tRNS", b"".join(struct.pack(">H", value) for value in values))


def scene(mode: str = "RGB") -> Image.Image:
    """Return a gradient, of the same colours as make_png's."""
    image: Image.Image = Image.open(io.BytesIO(make_png(6 if "A" in mode else 2)))
    return image.convert(mode)


def encode(image: Image.Image, form: str = "PNG", **words: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **words)
    return buffer.getvalue()


def jpeg(mode: str = "RGB", **words: Any) -> bytes:
    return encode(scene(mode).resize((48, 32)), "JPEG", quality=95, **words)


def segment(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body


def after_start(data: bytes, *segments: bytes) -> bytes:
    """Return a JPEG with more segments before all others."""
    return data[:2] + b"".join(segments) + data[2:]


def exif(orientation: int, *, order: str = ">", more: bytes = b"", more_count: int = 0) -> bytes:
    """Return tags that say how the camera was held, and others that may be no tags."""
    start = (b"MM" if order == ">" else b"II") + struct.pack(f"{order}HIH", 42, 8, 1 + more_count)
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return start + entry + more


def bad_tags() -> dict[str, bytes]:
    """Return tags that hold the orientation 6 beside what no reader expects."""
    away = struct.pack(">HHII", 0x010E, 2, 4_000_000_000, 4_000_000_000)
    odd = struct.pack(">HHII", 0x011A, 5, 1, 6)
    unknown = struct.pack(">HHII", 0x9286, 99, 7, 3)
    return {
        "value far outside": exif(6, more=away, more_count=1),
        "value inside the head": exif(6, more=odd, more_count=1),
        "unknown type": exif(6, more=unknown, more_count=1),
        "directory cut off": exif(6, more_count=40),
        "endless directories": exif(6, more=struct.pack(">I", 8)),
        **{
            name: exif(6, more=struct.pack(">HHII", *entry), more_count=1)
            for name, entry in {
                "a width of bytes": (0x0100, 1, 1, 0),
                "a text of fractions": (0x010E, 5, 2, 8),
                "a fraction of letters": (0x011A, 2, 2, 8),
                "a value too large for its kind": (0x0128, 4, 2, 8),
                "a directory before the first": (0x8769, 6, 4, 0xFFFFFFFF),
                "a block of floats": (0x02BC, 12, 1, 0),
            }.items()
        },
        "little-endian": exif(6, order="<"),
        "nothing that follows": exif(6),
        "a long number": exif(6).replace(b"\0\3\0\0\0\1\0\6\0\0", b"\0\4\0\0\0\1\0\0\0\6"),
        "two of it": exif(6, more=exif(3)[10:], more_count=1),
    }


def animated_png() -> bytes:
    """Return a PNG of two frames, the first of which is its picture."""
    frames = [scene(), scene().rotate(180)]
    return encode(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=500)


def pngs() -> Iterator[tuple[str, bytes]]:
    for kind, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (False, True):
                name = f"png {kind} {depth}{' interlaced' if interlaced else ''}"
                yield name, make_png(kind, depth, interlaced=interlaced)
                if kind in {0, 2, 3}:
                    extra = transparent(kind, depth)
                    yield f"{name} tRNS", make_png(kind, depth, interlaced=interlaced, extra=extra)
    bomb = zlib.compress(b" " * 3_000_000)
    gamma = struct.pack(">I", 100_000)
    primaries = struct.pack(">8I", *(round(n * 100_000) for n in P3))
    profile = make_profile(1 / 2.2, P3)
    grey = profile.replace(b"RGB ", b"GRAY")
    extras = {
        "zTXt bomb": chunk(b"zTXt", b"Comment\0\0" + bomb),
        "iTXt bomb": chunk(b"iTXt", b"Comment\0\1\0\0\0" + bomb),
        "tEXt": chunk(b"tEXt", b"Comment\0" + b"x" * 2_000_000),
        "many zTXt": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b" " * 900_000)) * 90,
        "zTXt of nothing": chunk(b"zTXt", b""),
        "iTXt of rubbish": chunk(b"iTXt", b"Comment\0\1\0\0\0" + NOISE),
        "tEXt of a wrong sum": chunk(b"tEXt", b"Comment\0x", crc=1),
        "pHYs of a wrong length": chunk(b"pHYs", b"\1"),
        "tIME of rubbish": chunk(b"tIME", NOISE),
        "bKGD": chunk(b"bKGD", struct.pack(">3H", 255, 0, 0)),
        "unknown chunk": chunk(b"teSt", NOISE),
        "eXIf of rubbish": chunk(b"eXIf", NOISE),
        "linear gamma": chunk(b"gAMA", gamma),
        "gamma and primaries": chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"cHRM", primaries),
        "gamma, primaries and sRGB": chunk(b"sRGB", b"\0") + chunk(b"gAMA", gamma),
        "gamma of a wrong sum": chunk(b"gAMA", gamma, crc=1),
        "gamma of zero": chunk(b"gAMA", bytes(4)),
        "wide profile": chunk(b"iCCP", b"P3\0\0" + zlib.compress(profile)),
        "profile of rubbish": chunk(b"iCCP", b"P3\0\0" + NOISE),
        "profile that is none": chunk(b"iCCP", b"P3\0\0" + zlib.compress(NOISE)),
        "profile bomb": chunk(b"iCCP", b"P3\0\0" + zlib.compress(bytes(30_000_000))),
        "profile of a wrong sum": chunk(b"iCCP", b"P3\0\0" + zlib.compress(profile), crc=1),
        "profile for grey pixels": chunk(b"iCCP", b"P3\0\0" + zlib.compress(grey)),
        "eXIf": chunk(b"eXIf", exif(6)),
        "primaries": chunk(b"cHRM", primaries),
        "primaries of zero": chunk(b"cHRM", bytes(32)),
        "gamma after a broken profile": chunk(b"iCCP", b"P3\0\0" + NOISE) + chunk(b"gAMA", gamma),
    }
    for name, extra in extras.items():
        yield f"png {name}", make_png(extra=extra)
    yield "png after its end", make_png() + b"<script>"
    yield "png without its end", make_png()[:-12]
    yield "png of two frames", animated_png()
    for kind, depth in ((0, 16), (4, 8), (4, 16), (6, 8), (6, 16), (3, 8)):
        extra = chunk(b"iCCP", b"P3\0\0" + zlib.compress(profile))
        yield f"png {kind} {depth} wide profile", make_png(kind, depth, extra=extra)
    yield "png pixels in parts", split_pixels(make_png())
    stream = zlib.compress(pack_rows(2, 8, range(WIDTH), range(HEIGHT)))
    for name, pixels in (("of a wrong sum", stream[:-4] + bytes(4)), ("without their sum", stream[:-4]),
                         ("and more", stream + NOISE)):  # fmt: skip
        yield (
            f"png pixels {name}",
            make_png().replace(chunk(b"IDAT", stream), chunk(b"IDAT", pixels)),
        )
    yield "png palette too short", make_png(3).replace(*cut_palette(make_png(3)))
    yield "png palette of less alpha", make_png(3, extra=chunk(b"tRNS", bytes(40)))
    yield "png colours of a palette beside pixels", make_png(extra=chunk(b"PLTE", bytes(30)))
    yield "png tRNS of a wrong length", make_png(extra=chunk(b"tRNS", b"\0"))
    yield "png tRNS of a wrong sum", make_png(extra=chunk(b"tRNS", bytes(6), crc=1))


def split_pixels(data: bytes) -> bytes:
    """Return a PNG with its pixels in chunks of 7 bytes and one of none."""
    head, _, rest = data.partition(b"IDAT")
    pixels = rest[:-16]
    parts = [pixels[start : start + 7] for start in range(0, len(pixels), 7)]
    return head[:-4] + b"".join(chunk(b"IDAT", part) for part in [*parts, b""]) + rest[-12:]


def cut_palette(data: bytes) -> tuple[bytes, bytes]:
    """Return the palette's chunk, and one of its first 100 colours."""
    palette = data.partition(b"PLTE")[2][:768]
    return chunk(b"PLTE", palette), chunk(b"PLTE", palette[:300])


def jpegs() -> Iterator[tuple[str, bytes]]:
    wide = make_profile(1 / 2.2, P3)
    yield "jpeg", jpeg()
    yield "jpeg grey", jpeg("L")
    yield "jpeg CMYK", jpeg("CMYK")
    yield (
        "jpeg CMYK unmarked",
        jpeg("CMYK").replace(b"\xff\xee\x00\x0eAdobe", b"\xff\xed\x00\x0eAdobe"),
    )
    yield "jpeg RGB", jpeg(keep_rgb=True)
    yield "jpeg progressive", jpeg(progressive=True)
    yield "jpeg 4:2:0", jpeg(subsampling=2)
    yield "jpeg 4:2:2", jpeg(subsampling=1)
    yield "jpeg restarts", jpeg(restart_marker_blocks=1)
    yield "jpeg profile", jpeg(icc_profile=wide)
    yield "jpeg grey with a profile for colours", jpeg("L", icc_profile=wide)
    yield "jpeg CMYK with a profile for light", jpeg("CMYK", icc_profile=wide)
    parts = [
        b"ICC_PROFILE\0" + bytes([n, 2]) + part for n, part in ((2, wide[200:]), (1, wide[:200]))
    ]
    yield "jpeg profile in parts", after_start(jpeg(), *(segment(0xE2, part) for part in parts))
    yield "jpeg YCCK", jpeg("CMYK").replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
    yield "jpeg profile of rubbish", jpeg(icc_profile=NOISE)
    yield "jpeg after its end", jpeg() + b"\xff\xd8<script>"
    yield "jpeg without its end", jpeg()[:-2]
    yield "jpeg two pictures", encode(scene(), "MPO", save_all=True, append_images=[scene("L")])
    yield "jpeg of two tables that are none", after_start(jpeg(), segment(0xE2, b"MPF\0" + NOISE))
    yield "jpeg Photoshop", after_start(jpeg(), segment(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4"))
    yield "jpeg comment", after_start(jpeg(), segment(0xFE, NOISE))
    yield "jpeg odd JFIF", after_start(jpeg(), segment(0xE0, b"JFIF\0"))
    yield "jpeg thumbnail", after_start(jpeg(), segment(0xE1, b"Exif\0\0" + exif(1) + jpeg()))
    yield "jpeg filled up", jpeg().replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1)
    for orientation in range(10):
        yield f"jpeg held {orientation}", jpeg(exif=b"Exif\0\0" + exif(orientation))
    for name, tags in bad_tags().items():
        yield f"jpeg tags: {name}", after_start(jpeg(), segment(0xE1, b"Exif\0\0" + tags))
    yield "jpeg tags of rubbish", after_start(jpeg(), segment(0xE1, b"Exif\0\0" + NOISE))
    yield "jpeg tags of nothing", after_start(jpeg(), segment(0xE1, b"Exif\0\0"))


def webps() -> Iterator[tuple[str, bytes]]:
    wide = make_profile(1 / 2.2, P3)
    frames = [scene(), scene().rotate(180)]
    yield "webp", encode(scene(), "WEBP", quality=95)
    yield "webp lossless", encode(scene(), "WEBP", lossless=True)
    yield "webp alpha", encode(scene("RGBA"), "WEBP", lossless=True, exact=True)
    yield "webp lossy alpha", encode(scene("RGBA"), "WEBP", quality=95)
    yield (
        "webp animated",
        encode(
            frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=500, lossless=True
        ),
    )
    yield "webp profile", encode(scene(), "WEBP", lossless=True, icc_profile=wide)
    yield "webp profile of rubbish", encode(scene(), "WEBP", lossless=True, icc_profile=NOISE)
    yield "webp held 6", encode(scene(), "WEBP", lossless=True, exif=exif(6))
    yield "webp tags of rubbish", encode(scene(), "WEBP", lossless=True, exif=NOISE)
    yield "webp after its end", encode(scene(), "WEBP", lossless=True) + b"<script>"


@cache
def all_pictures() -> dict[str, bytes]:
    """Return every one by its name."""
    return {name: data for made in (pngs(), jpegs(), webps()) for name, data in made}


def scan_bomb(width: int, height: int, scans: int) -> bytes:
    """Return a JPEG of few bytes whose last scan comes again and again: each goes over the whole picture."""
    whole = encode(Image.new("RGB", (width, height), "grey"), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    # The tables of a scan stand before it.
    table = whole.rindex(b"\xff\xc4", 0, last)
    done = whole.count(b"\xff\xda")
    return whole[:-2] + whole[table:-2] * (scans - done) + b"\xff\xd9"
