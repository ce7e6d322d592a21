"""An edit, done: a picture is decoded once, goes through its operations, and is encoded once.

Also a program, run as `decoding` is and with the same limits. It imports nothing of the hub but its neighbours.
"""

import math
import resource
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from PIL import Image, ImageColor, ImageEnhance, ImageFilter

from storage.bounded import (
    CPU_SECONDS,
    CPU_SECONDS_PER_MEGAPIXEL,
    MOST_MEMORY_BYTES,
    answer_bounded,
    set_limit,
)
from storage.containers import Container, open_container
from storage.decoding import flatten, open_image, stand, take_any_size
from storage.edits import geometry
from storage.edits import operations as words
from storage.edits.geometry import QUARTER_DEGREES, EditRefused, Size
from storage.edits.lettering import OPAQUE, FontFile, write
from storage.encoding import encode_as, encode_thumbnail
from storage.labels import Label
from storage.unpacking import unpack
from storage.visible import draw_mark

MEGAPIXEL: Final = 1_000_000
# Of a step: the slowest, to sharpen by a wide radius, takes a third of it.
CPU_SECONDS_PER_STEP_AND_MEGAPIXEL: Final = 0.2
# Encoding, and the thumbnail.
CPU_SECONDS_PER_MEGAPIXEL_BEHIND: Final = 0.6
# What full warmth adds to red and takes from blue.
WARMTH: Final = 0.3
TURNS: Final = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
FLIPS: Final = {
    "horizontal": Image.Transpose.FLIP_LEFT_RIGHT,
    "vertical": Image.Transpose.FLIP_TOP_BOTTOM,
}
ENHANCERS: Final[Mapping[type[words.Operation], Callable[[Image.Image], Any]]] = {
    words.Brightness: ImageEnhance.Brightness,
    words.Contrast: ImageEnhance.Contrast,
    words.Saturation: ImageEnhance.Color,
}


class Job(msgspec.Struct, frozen=True):
    """What the program is told before the pictures' bytes, which follow in this order: the picture, then each logo.

    `quality` (1 to 100) is for what loses something; none: without loss. A preview is no longer than its longest side
    and has no thumbnail.
    """

    operations: words.Operations
    format: str
    quality: int | None
    label: Label
    fonts: dict[str, FontFile]
    picture_bytes: int
    logo_bytes: dict[str, int]
    longest_side: int | None = None
    # Where people see that a model made it, and in which language; empty: nowhere.
    corner: str = ""
    language: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What the program says before the bytes of the picture and of its thumbnail."""

    width: int
    height: int
    picture_bytes: int


class Refusal(msgspec.Struct, frozen=True):
    """Which operation cannot be done, and why; no place: the edit as a whole."""

    place: int | None
    field: str
    code: str
    params: dict[str, Any]


def main(most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
    """Answer `ok ANSWER` and the bytes, `refused CODE` or `edit_refused REFUSAL`; anything else: it cannot be done."""
    # Somebody waits for it, and whoever uploads does not.
    answer_bounded(answer_edit, most_memory_bytes, niceness=0)


def answer_edit(data: bytes) -> bytes:
    """Return the edited picture of what the program was given: a job in JSON, a line break, the pictures."""
    head, _, pictures = data.partition(b"\n")
    job = msgspec.json.decode(head, type=Job)
    try:
        image = edit(job, pictures)
        check_transparency(job, image)
    except EditRefused as refused:
        told = Refusal(refused.place, refused.field, refused.code, refused.params)
        return b"edit_refused " + msgspec.json.encode(told) + b"\n"
    except MemoryError:
        return b"refused too_many_pixels\n"
    if job.longest_side:
        image.thumbnail((job.longest_side, job.longest_side))
    if job.corner:
        # It may have been cut off, or written over; where it still stands it is covered.
        image = draw_mark(image, job.language, job.corner)
    made = encode_as(image, job.label, job.format, job.quality).data
    small = b"" if job.longest_side else encode_thumbnail(flatten(image), job.label)
    answer = Answer(image.width, image.height, len(made))
    return b"ok " + msgspec.json.encode(answer) + b"\n" + made + small


def edit(job: Job, pictures: bytes) -> Image.Image:
    """Return the picture after all operations, as RGB or RGBA."""
    place = job.picture_bytes
    container = open_container(pictures[:place])
    image = read(container)
    sizes = geometry.measure_all(job.operations, image.size)
    logos = {}
    for name, count in job.logo_bytes.items():
        logos[name] = read(open_container(pictures[place : place + count]))
        place += count
    bound_seconds(sizes)
    return apply_all(job.operations, image, job.fonts, logos)


def read(container: Container) -> Image.Image:
    """Return what people see of a picture, its transparency kept where it has any; nothing else of its file stays."""
    # The decoder is spared most of its work.
    container = unpack(container)
    opened = open_image(container, take_any_size)
    bound_seconds([opened.size])
    image = stand(container, opened)
    has_holes = "A" in image.getbands() and image.getchannel("A").getextrema() != (OPAQUE, OPAQUE)
    image = image.convert("RGBA" if has_holes else "RGB")
    image.info.clear()
    return image


def bound_seconds(sizes: list[Size]) -> None:
    """Give the process the seconds of CPU, beyond what it took so far, that pictures of these sizes may take."""
    pixels = [width * height / MEGAPIXEL for width, height in sizes]
    seconds = (
        CPU_SECONDS
        + CPU_SECONDS_PER_MEGAPIXEL * pixels[0]
        + CPU_SECONDS_PER_STEP_AND_MEGAPIXEL * sum(pixels)
        + CPU_SECONDS_PER_MEGAPIXEL_BEHIND * pixels[-1]
    )
    used = resource.getrusage(resource.RUSAGE_SELF)
    set_limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds))


def apply_all(
    operations: words.Operations,
    image: Image.Image,
    fonts: Mapping[str, FontFile],
    logos: Mapping[str, Image.Image],
) -> Image.Image:
    """Return the picture after all operations; raise EditRefused, with its place, for one that cannot be done."""
    for place, operation in enumerate(operations):
        try:
            image = apply(operation, image, fonts, logos)
        except EditRefused as refused:
            refused.place = place
            raise
    return image


def apply(
    operation: words.Operation,
    image: Image.Image,
    fonts: Mapping[str, FontFile],
    logos: Mapping[str, Image.Image],
) -> Image.Image:
    """Return the picture after one operation."""
    match operation:
        case words.Text():
            if operation.font not in fonts:
                raise EditRefused("font", "unknown", fonts=", ".join(fonts))
            return write(image, operation, fonts[operation.font])
        case words.Overlay():
            return lay_over(image, operation, logos[operation.image])
        case words.Flatten():
            return flatten(image, operation.color)
        case words.Crop() | words.Resize() | words.Rotate() | words.Flip():
            return apply_to_shape(operation, image)
        case _:
            return apply_to_colours(operation, image)


def apply_to_shape(
    operation: words.Crop | words.Resize | words.Rotate | words.Flip, image: Image.Image
) -> Image.Image:
    """Return the picture after an operation that moves its pixels."""
    match operation:
        case words.Crop():
            return image.crop(geometry.find_crop(operation, image.size).edges)
        case words.Resize():
            return resize(image, operation)
        case words.Rotate():
            return rotate(image, operation)
        case words.Flip():
            return image.transpose(FLIPS[operation.direction])


def apply_to_colours(operation: words.Operation, image: Image.Image) -> Image.Image:
    """Return the picture after an operation that leaves its transparency as it is."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = change_colours(operation, image.convert("RGB"))
    if alpha:
        colours.putalpha(alpha)
    return colours


def change_colours(operation: words.Operation, image: Image.Image) -> Image.Image:
    """Return RGB pixels after an operation on their colours."""
    match operation:
        case words.Brightness() | words.Contrast() | words.Saturation():
            enhancer = ENHANCERS[type(operation)](image)
            changed: Image.Image = enhancer.enhance(1 + operation.amount / 100)
            return changed
        case words.Temperature():
            share = WARMTH * operation.amount / 100
            factors = (1 + share, 1, 1 - share)
            return image.point([min(255, round(v * f)) for f in factors for v in range(256)])
        case words.Sharpen():
            mask = ImageFilter.UnsharpMask(
                operation.radius, round(operation.amount), operation.threshold
            )
            return image.filter(mask)
        case _:
            raise TypeError(f"nobody knows the operation {operation!r}")


def resize(image: Image.Image, operation: words.Resize) -> Image.Image:
    """Return the picture in another size; of one that covers more, the middle stays."""
    width, height = geometry.find_size(operation, image.size)
    box = None
    if operation.fit == "cover":
        scale = max(width / image.width, height / image.height)
        seen = min(image.width, width / scale), min(image.height, height / scale)
        left, top = (image.width - seen[0]) / 2, (image.height - seen[1]) / 2
        box = (left, top, left + seen[0], top + seen[1])
    return image.resize((width, height), Image.Resampling.LANCZOS, box=box)


def rotate(image: Image.Image, operation: words.Rotate) -> Image.Image:
    """Return the picture turned clockwise, all of it."""
    quarters, rest = divmod(operation.degrees, QUARTER_DEGREES)
    if not rest:
        turned = TURNS.get(int(quarters) % 4 * QUARTER_DEGREES)
        return image.transpose(turned) if turned else image
    red, green, blue, *alpha = ImageColor.getrgb(operation.color)
    if alpha and alpha[0] < OPAQUE and image.mode == "RGB":
        image = image.convert("RGBA")
    fill = (red, green, blue, *(alpha or [OPAQUE]))[: len(image.getbands())]
    return image.rotate(-operation.degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=fill)


def lay_over(image: Image.Image, operation: words.Overlay, logo: Image.Image) -> Image.Image:
    """Return the picture with another one on it."""
    box = geometry.find_overlay(operation, logo.size, image.size)
    small = logo.convert("RGBA").resize((box.width, box.height), Image.Resampling.LANCZOS)
    shares = [round(value * operation.opacity) for value in range(256)]
    small.putalpha(small.getchannel("A").point(shares))
    if image.mode == "RGB":
        image.paste(small, (box.left, box.top), small)
    else:
        image.alpha_composite(small, (box.left, box.top))
    return image


def check_transparency(job: Job, image: Image.Image) -> None:
    """Refuse what a format cannot hold: nothing is dropped in silence."""
    if job.format == "jpeg" and image.mode == "RGBA":
        raise EditRefused("output_format", "transparent")


if __name__ == "__main__":
    main()
