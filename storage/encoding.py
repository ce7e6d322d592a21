"""Encoding pictures with their labels: from pixels in memory, never by reading back what was just written.

It imports nothing of the hub but its neighbours: processes of their own encode, too.
"""

import io
from typing import Any, Final, NamedTuple

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from storage.exif import EXIF_START, write_tags
from storage.labels import Label

# Without loss where the format can. On photo-like 1024 x 1024 pixels WebP's fastest method takes a tenth of the CPU
# time of Pillow's default PNG (zlib 6) at up to 1.1 times its bytes; zlib's level 1 a quarter at 1.2 times. AVIF's
# fastest is as small as its eighth speed there, in two thirds of the time.
FORMATS: Final[dict[str, dict[str, Any]]] = {
    "webp": {"format": "WEBP", "lossless": True, "method": 0, "quality": 0, "exact": True},
    "png": {"format": "PNG", "compress_level": 1},
    "jpeg": {"format": "JPEG", "quality": 90},
    "avif": {"format": "AVIF", "quality": 80, "speed": 10, "max_threads": 1},
}
# What a quality changes of them: of PNG nothing, which has none.
LOSSY: Final[dict[str, dict[str, Any]]] = {
    "webp": {"lossless": False, "method": 4, "exact": False},
    "jpeg": {},
    "avif": {},
}
EXTENSIONS: Final = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "video/mp4": ".mp4",
}
THUMBNAIL_TYPE: Final = "image/jpeg"
THUMBNAIL_PIXELS: Final = (200, 200)
THUMBNAIL_QUALITY: Final = 80
# Averages whole blocks first where the picture is more than twice the thumbnail: half the time of Lanczos alone, and
# 54 dB from its result.
REDUCING_GAP: Final = 2.0


class Encoded(NamedTuple):
    """A picture as it is stored; the extension has its dot."""

    data: bytes
    content_type: str
    extension: str


def encode_as(image: Image.Image, label: Label, form: str, quality: int | None = None) -> Encoded:
    """Return the bytes of an image in a format of FORMATS, with its label; a quality (0 to 100) is one of LOSSY's.

    RGB, or RGBA where the format has alpha.
    """
    options = FORMATS[form]
    if quality is not None:
        options = {**options, **LOSSY[form], "quality": quality}
    content_type = f"image/{form}"
    return Encoded(encode(image, label, **options), content_type, EXTENSIONS[content_type])


def encode_thumbnail(image: Image.Image, label: Label) -> bytes:
    """Return a 200 x 200 JPEG (quality 80) that covers the square, cut at the centre, with its label."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    small = image.convert("RGB").resize(
        THUMBNAIL_PIXELS,
        Image.Resampling.LANCZOS,
        box=(left, top, left + side, top + side),
        reducing_gap=REDUCING_GAP,
    )
    # The words of a picture may be longer than its thumbnail.
    return encode(small, Label(label.xmp), format="JPEG", quality=THUMBNAIL_QUALITY)


def encode(image: Image.Image, label: Label, **options: Any) -> bytes:
    """Return what Pillow writes with these options and this label."""
    buffer = io.BytesIO()
    if options["format"] == "PNG":
        # Pillow takes XMP for the other formats only.
        image.save(buffer, pnginfo=write_info(label), **options)
    else:
        if tags := write_tags(comment=label.parameters):
            options["exif"] = EXIF_START + tags
        image.save(buffer, xmp=label.xmp, **options)
    return buffer.getvalue()


def write_info(label: Label) -> PngInfo:
    """Return the chunks of a PNG that hold a label."""
    chunks = PngInfo()
    if label.xmp:
        chunks.add_itxt("XML:com.adobe.xmp", label.xmp.decode())
    if label.parameters:
        chunks.add_itxt("parameters", label.parameters)
    return chunks
