"""In which format pictures are stored where nobody names one."""

from typing import Final

from django.conf import settings
from PIL import Image

from storage.encoding import Encoded, encode_as
from storage.labels import Label

PHOTO_QUALITY: Final = 85


def encode_picture(
    image: Image.Image, label: Label, form: str = "", quality: int | None = None
) -> Encoded:
    """Return an RGB image's bytes with its label: in the format that is named, else without loss in PICTURE_FORMAT."""
    return encode_as(image, label, form or settings.PICTURE_FORMAT, quality)


def encode_photo(image: Image.Image, label: Label) -> Encoded:
    """Return the JPEG bytes (quality 85) of an RGB image, with its label: for what has lost as much before."""
    return encode_as(image, label, "jpeg", PHOTO_QUALITY)
