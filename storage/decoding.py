"""From the bytes of a picture to fresh RGB pixels: bounded, upright, in sRGB, without whatever else the file held.

Also a program: what strangers send is decoded in a process of its own with little memory and time, so that a picture
that is made to do harm ends nothing else. It reads the bytes from its input; it imports nothing of the hub.
"""

import contextlib
import io
import resource
import sys
import warnings
from typing import Final

from PIL import Image, ImageCms, ImageOps

TYPES: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
MOST_PIXELS: Final = 25_000_000
LARGEST_SIDE_PIXELS: Final = 8192
LARGEST_ASPECT: Final = 20
MOST_MEMORY_BYTES: Final = 1_500_000_000
MOST_CPU_SECONDS: Final = 10


class RefusedPicture(ValueError):
    """The picture is too large in some way; the argument is the stable code of which."""


def find_format(data: bytes) -> str:
    """Return the format that the first bytes tell, empty for any that is not taken."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "WEBP" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def decode(data: bytes, longest_side: int = LARGEST_SIDE_PIXELS) -> Image.Image:
    """Return the first frame as RGB, shrunk to fit the longest side; transparent parts become white.

    Raises RefusedPicture, or whatever Pillow raises at bytes that are no picture.
    """
    image: Image.Image = Image.open(io.BytesIO(data), formats=(find_format(data),))
    check_size(*image.size)
    if image.mode.startswith("I"):
        # Pillow would cut 16 bits at 255 instead of scaling them.
        image = image.point(lambda value: value / 256).convert("L")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in {"P", "PA"}:
        image = image.convert("RGBA")
    profile = image.info.get("icc_profile")
    image.thumbnail((longest_side, longest_side))
    upright = ImageOps.exif_transpose(image)
    # Pixels alone go on: no metadata can be left behind.
    return as_srgb(flatten(upright), profile)


def decode_own(data: bytes) -> Image.Image:
    """Return the RGB pixels of a picture that the hub stored itself: of any shape, and as many as Pillow takes (178
    million).

    Raises RefusedPicture above that, or whatever Pillow raises at bytes that are no picture.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=(find_format(data),))
    except Image.DecompressionBombError as error:
        raise RefusedPicture("too_many_pixels") from error
    return as_srgb(image, None)


def check_size(width: int, height: int) -> None:
    """Refuse a size that the header tells before a pixel is decoded."""
    if width * height > MOST_PIXELS:
        raise RefusedPicture("too_many_pixels")
    if max(width, height) > LARGEST_SIDE_PIXELS:
        raise RefusedPicture("side_too_long")
    if max(width, height) > LARGEST_ASPECT * min(width, height):
        raise RefusedPicture("too_narrow")


def flatten(image: Image.Image) -> Image.Image:
    """Return the picture on white where it is transparent."""
    if not image.has_transparency_data:
        return image
    seen = image.convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def as_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return RGB pixels in sRGB; a profile that cannot be read, or fits other pixels, is passed over."""
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
            if converted is not None:
                image = converted
    pixels = image.convert("RGB")
    return Image.frombytes("RGB", pixels.size, pixels.tobytes())


def main() -> None:
    """Answer `ok WIDTH HEIGHT` and the pixels, or `refused CODE`; anything else means that it cannot be read."""
    # Not every system has both limits.
    for limit, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        image = decode(sys.stdin.buffer.read(), int(sys.argv[1]))
    except RefusedPicture as error:
        answer = f"refused {error}\n".encode()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        answer = b"refused too_many_pixels\n"
    else:
        answer = f"ok {image.width} {image.height}\n".encode() + image.tobytes()
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
