"""What a vendor shows of a picture before it is done."""

import io

from PIL import Image

from generation.providers.files import encode_input

LONGEST_SIDE = 256


def preview_of(data: bytes) -> bytes:
    """Return a small JPEG of a vendor's own preview; raise OSError for what is no picture."""
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return encode_input(image.convert("RGB"), "jpeg")
