"""AVIF and HEIC: pictures in boxes, which only their own readers take apart."""

import io
from typing import Final

from PIL import AvifImagePlugin, Image  # noqa: F401 (found when the first is read)

AVIF, HEIF = "AVIF", "HEIF"
# What files of each kind call themselves: the first name, or one of those behind it.
BRANDS: Final = {AVIF: {b"avif", b"avis"}, HEIF: {b"heic", b"heix", b"heim", b"heis"}}
# Names that say no more than that pictures are in boxes.
GENERAL: Final = frozenset({b"mif1", b"msf1", b"miaf"})
# More of such a first box are none that anybody writes.
MOST_START_BYTES: Final = 256


def find_boxed(data: bytes) -> str:
    """Return which of the two kinds a file's first box tells, empty for any other file."""
    if data[4:8] != b"ftyp":
        return ""
    end = min(int.from_bytes(data[:4], "big"), len(data), MOST_START_BYTES)
    first, *others = (data[8:12], *(data[place : place + 4] for place in range(16, end, 4)))
    said = {first} if first not in GENERAL else {first, *others}
    return next((form for form, brands in BRANDS.items() if said & brands), "")


def read_boxed(form: str, data: bytes) -> tuple[bytes, bytes]:
    """Return a picture's tags, which hold its orientation as its decoder leaves it, and its profile; empty for none."""
    load_reader(form)
    with Image.open(io.BytesIO(data), formats=(form,)) as image:
        return bytes(image.info.get("exif") or b""), bytes(image.info.get("icc_profile") or b"")


def load_reader(form: str) -> None:
    """Let Pillow know the reader of HEIC: none of the web's processes needs it."""
    if form == HEIF:
        import pillow_heif  # noqa: PLC0415 (said above)

        pillow_heif.register_heif_opener(
            decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
        )
