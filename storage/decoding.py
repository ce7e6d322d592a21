"""From the bytes of a picture to fresh RGB pixels: bounded, upright, in sRGB, without whatever else the file held.

Also a program: what strangers send is decoded in a process of its own with little memory and time, so that a picture
that is made to do harm ends nothing else. It reads the bytes from its input; it imports nothing of the hub but this.
"""

import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from typing import Final

from PIL import Image, ImageChops, ImageCms, ImageMath

from storage.bounded import MOST_MEMORY_BYTES, answer_bounded, bound_seconds
from storage.boxes import load_reader
from storage.containers import Container, RefusedPicture, open_container, without_sum

TYPES: Final = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
}
CONTENT_TYPES: Final = {form: content_type for content_type, form in TYPES.items()}
MOST_PIXELS: Final = 25_000_000
LARGEST_SIDE_PIXELS: Final = 8192
LARGEST_ASPECT: Final = 20
# What a profile says of the pixels that it is for.
SPACES: Final = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
# How to turn a picture whose camera was held so: EXIF's numbers.
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(container: Container, longest_side: int = LARGEST_SIDE_PIXELS) -> Image.Image:
    """Return the first frame as RGB, shrunk to fit the longest side; transparent parts become white.

    Raises RefusedPicture, or whatever Pillow raises at bytes that are no picture.
    """
    return render(container, open_image(container), longest_side)


def render(
    container: Container, image: Image.Image, longest_side: int | None = None
) -> Image.Image:
    """Return what people see of an opened picture, as fresh RGB."""
    # Pixels alone go on: no metadata can be left behind.
    return fresh(show(container, image, longest_side))


def show(
    container: Container,
    image: Image.Image,
    longest_side: int | None = None,
    *,
    on_white: bool = True,
) -> Image.Image:
    """Return what people see of an opened picture: upright, in sRGB, on white unless it may stay transparent."""
    image = stand(container, image, longest_side)
    return flatten(image) if on_white else image


def stand(container: Container, image: Image.Image, longest_side: int | None = None) -> Image.Image:
    """Return an opened picture upright and in sRGB, transparent where it is."""
    holes = find_transparent(container, image) if container.transparent else None
    image = as_eight_bits(image)
    if holes:
        image.putalpha(ImageChops.invert(holes))
    if longest_side:
        image.thumbnail((longest_side, longest_side))
    if container.orientation in TURNS:
        image = image.transpose(TURNS[container.orientation])
    return as_srgb(image, container.profile)


def check_size(width: int, height: int) -> None:
    """Refuse a size that the header tells before a pixel is decoded."""
    if width * height > MOST_PIXELS:
        raise RefusedPicture("too_many_pixels")
    if max(width, height) > LARGEST_SIDE_PIXELS:
        raise RefusedPicture("side_too_long")
    if max(width, height) > LARGEST_ASPECT * min(width, height):
        raise RefusedPicture("too_narrow")


def take_any_size(width: int, height: int) -> None:
    """Refuse no size: for what passed the gate before, or was drawn here."""


def open_image(container: Container, check: Callable[[int, int], None] = check_size) -> Image.Image:
    """Return the picture; raise ValueError, or OSError, for one that was cut short."""
    if container.format == "PNG":
        try:
            return read_pixels(container.data, "PNG", check)
        except OSError:
            return read_pixels(without_sum(container.data), "PNG", check)
    if container.has_end:
        return read_image(container.data, container.format, check)
    # What no data is missing of looks the same whatever follows it.
    ended, lengthened = (
        read_image(container.data + more + b"\xff\xd9", container.format, check)
        for more in (b"", b"\x55" * 4096)
    )
    if ended.tobytes() != lengthened.tobytes():
        raise ValueError("cut short")
    return ended


def read_image(
    data: bytes, form: str, check: Callable[[int, int], None] = check_size
) -> Image.Image:
    """Return the picture that a decoder finds, of a size that is taken."""
    load_reader(form)
    image: Image.Image = Image.open(io.BytesIO(data), formats=(form,))
    check(*image.size)
    return image


def measure(container: Container) -> tuple[int, int]:
    """Return the width and height in pixels that a picture tells, if they are taken."""
    return read_image(container.data, container.format).size


def read_pixels(data: bytes, form: str, check: Callable[[int, int], None]) -> Image.Image:
    """Return the picture once its pixels are read."""
    image = read_image(data, form, check)
    image.load()
    return image


def find_transparent(container: Container, image: Image.Image) -> Image.Image:
    """Return white where a PNG without alpha has the one value that it calls transparent, black elsewhere."""
    wanted = container.transparent
    if container.depth == 16 and image.mode == "RGB":  # noqa: PLR2004 (bits)
        # Pillow reads the upper halves of such values; read as the other byte order, it gives the lower ones.
        lower = Image.open(io.BytesIO(container.data), formats=(container.format,))
        lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]
        halves = [*image.split(), *lower.split()]
        return match_all(
            halves, [value >> 8 for value in wanted] + [value & 255 for value in wanted]
        )
    if image.mode.startswith("I"):
        (grey,) = wanted
        found: Image.Image = ImageMath.lambda_eval(
            lambda words: words["convert"]((words["image"] == grey) * 255, "L"),
            image=image.convert("I"),
        )
        return found
    # Pillow has spread fewer bits over the whole range.
    spread = 255 // ((1 << min(container.depth, 8)) - 1)
    bands = image.convert("L").split() if image.mode == "1" else image.split()
    return match_all(bands, [value * spread for value in wanted])


def match_all(bands: Sequence[Image.Image], values: Sequence[int]) -> Image.Image:
    """Return white where each band has its value."""
    found = Image.new("L", bands[0].size, 255)
    for band, value in zip(bands, values, strict=True):
        found = ImageChops.darker(
            found, band.point([255 * (level == value) for level in range(256)])
        )
    return found


def as_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture with values of 8 bits for each colour."""
    if image.mode.startswith("I"):
        # Pillow would cut 16 bits at 255.
        return image.convert("I").point(lambda value: value * (255 / 65535) + 0.5).convert("L")
    wider = {"1": "L", "P": "RGBA", "PA": "RGBA"}.get(image.mode)
    return image.convert(wider) if wider else image


def decode_own(data: bytes) -> Image.Image:
    """Return the RGB pixels of a picture that the hub stored itself: of any shape, and as many as Pillow takes (178
    million). A vendor's may be of any kind that the gate lets in.

    Raises RefusedPicture above that, or whatever is raised at bytes that are no picture.
    """
    try:
        container = open_container(data)
        return render(container, open_image(container, take_any_size))
    except Image.DecompressionBombError as error:
        raise RefusedPicture("too_many_pixels") from error


def flatten(image: Image.Image, color: str = "white") -> Image.Image:
    """Return the picture on a colour where it is transparent."""
    if "A" not in image.getbands():
        return image
    seen = image.convert("RGBA")
    ground = Image.new("RGB", seen.size, color)
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def as_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the colours in sRGB; a profile that cannot be read, or fits other pixels, is passed over."""
    if not profile:
        return image
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    colours = image if alpha is None else image.convert(image.mode.rstrip("A"))
    with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if (colours.mode, space) == ("L", "RGB"):
            colours = colours.convert("RGB")
        if SPACES.get(colours.mode) != space:
            return image
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(colours, source, srgb, outputMode="RGB")
        if converted is not None:
            if alpha is not None:
                converted.putalpha(alpha)
            return converted
    return image


def fresh(image: Image.Image) -> Image.Image:
    """Return the RGB pixels alone."""
    pixels = image.convert("RGB")
    return Image.frombytes("RGB", pixels.size, pixels.tobytes())


def main(most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
    """Answer `ok WIDTH HEIGHT` and the pixels, or `refused CODE`; anything else means that it cannot be read."""
    answer_bounded(answer_pixels, most_memory_bytes)


def answer_pixels(data: bytes) -> bytes:
    """Return what is seen of a picture, shrunk to fit the side that the program was told."""
    container = open_container(data)
    bound_seconds(*measure(container))
    return word_pixels(decode(container, int(sys.argv[1])))


def answer_holes(data: bytes) -> bytes:
    """Return where people see through a picture, white there and black elsewhere, shrunk as `answer_pixels` does."""
    container = open_container(data)
    bound_seconds(*measure(container))
    image = stand(container, open_image(container), int(sys.argv[1]))
    if "A" not in image.getbands():
        return word_pixels(Image.new("RGB", image.size))
    return word_pixels(fresh(ImageChops.invert(image.getchannel("A"))))


def word_pixels(image: Image.Image) -> bytes:
    """Return fresh RGB pixels as the program writes them."""
    return f"ok {image.width} {image.height}\n".encode() + image.tobytes()


if __name__ == "__main__":
    main()
