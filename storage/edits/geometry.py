"""Where the parts of an edited picture lie, and how large it becomes: reckoned alike before the work and at it.

Imports nothing of the hub but its neighbours.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from storage.decoding import LARGEST_SIDE_PIXELS, MOST_PIXELS
from storage.edits.operations import Crop, Operation, Operations, Overlay, Resize, Rotate, Text

QUARTER_DEGREES: Final = 90
Size = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """A part of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height


class EditRefused(ValueError):
    """An operation cannot be done: its word, a stable code, and the values of its words; `place` counts from 0."""

    def __init__(self, field: str, code: str, /, **params: Any) -> None:
        super().__init__(field, code, params)
        self.field, self.code, self.params = field, code, params
        self.place: int | None = None


def measure_all(operations: Operations, size: Size) -> list[Size]:
    """Return the picture's size before the first operation and after each; raise EditRefused for one that cannot be."""
    sizes = [size]
    for place, operation in enumerate(operations):
        try:
            sizes.append(measure(operation, sizes[-1]))
        except EditRefused as refused:
            refused.place = place
            raise
    return sizes


def measure(operation: Operation, size: Size) -> Size:
    """Return the size that a picture of this one gets."""
    match operation:
        case Crop():
            box = find_crop(operation, size)
            return box.width, box.height
        case Resize():
            return bounded(find_size(operation, size), "width" if operation.width else "height")
        case Rotate():
            return bounded(turn(size, operation.degrees), "degrees")
        case Overlay():
            # Where its picture is not known yet, its width is.
            find_width(operation, size)
            return size
        case _:
            return size


def bounded(size: Size, field: str) -> Size:
    """Return a size that the hub makes; refuse one that is larger."""
    width, height = size
    if max(size) > LARGEST_SIDE_PIXELS or width * height > MOST_PIXELS:
        limits = {"side": LARGEST_SIDE_PIXELS, "pixels": MOST_PIXELS}
        raise EditRefused(field, "too_large", width=width, height=height, **limits)
    return size


def find_crop(crop: Crop, size: Size) -> Box:
    """Return which part stays."""
    width, height = crop.width or size[0], crop.height or size[1]
    if crop.ratio:
        width, height = fit_ratio(crop.ratio, size)
    for field, side, most in (("width", width, size[0]), ("height", height, size[1])):
        if side > most:
            raise outside(field, size)
    return put((width, height), size, crop)


def fit_ratio(ratio: str, size: Size) -> Size:
    """Return the largest size of a ratio, such as 16:9, within another."""
    wide, high = (int(number) for number in ratio.split(":"))
    scale = min(size[0] / wide, size[1] / high)
    return max(1, math.floor(wide * scale + 1e-9)), max(1, math.floor(high * scale + 1e-9))


def put(inner: Size, outer: Size, said: Crop | Text | Overlay) -> Box:
    """Return where something lies in a picture; refuse what reaches beyond it."""
    margin = getattr(said, "margin", 0)
    left = place_on(said.position, ("left", "right"), outer[0] - inner[0], margin)
    top = place_on(said.position, ("top", "bottom"), outer[1] - inner[1], margin)
    left, top = left if said.x is None else said.x, top if said.y is None else said.y
    for field, start, length, most in (
        ("x", left, inner[0], outer[0]),
        ("y", top, inner[1], outer[1]),
    ):
        if start < 0 or start + length > most:
            raise outside("margin" if getattr(said, field) is None else field, outer)
    return Box(left, top, *inner)


def place_on(position: str, ends: tuple[str, str], room: int, margin: int) -> int:
    """Return where something begins on one axis that has so much room beside it."""
    before, behind = ends
    if position.startswith(before) or position.endswith(before):
        return margin
    return room - margin if position.startswith(behind) or position.endswith(behind) else room // 2


def outside(field: str, size: Size) -> EditRefused:
    """Return the refusal of what reaches beyond a picture of this size."""
    return EditRefused(field, "outside", width=size[0], height=size[1])


def find_size(resize: Resize, size: Size) -> Size:
    """Return how large a picture becomes in the end."""
    if resize.fit != "contain" and resize.width and resize.height:
        return resize.width, resize.height
    scale = min(
        said / side for said, side in zip((resize.width, resize.height), size, strict=True) if said
    )
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def turn(size: Size, degrees: float) -> Size:
    """Return the size that holds all of a picture that is turned."""
    quarters, rest = divmod(degrees, QUARTER_DEGREES)
    if not rest:
        return size[::-1] if quarters % 2 else size
    # As Pillow reckons it: a pixel more or less would move the crop that follows.
    angle = -math.radians(-degrees % 360)
    cosine, sine = round(math.cos(angle), 15), round(math.sin(angle), 15)
    width, height = size
    shift_x = cosine * (-width / 2) + sine * (-height / 2) + width / 2
    shift_y = -sine * (-width / 2) + cosine * (-height / 2) + height / 2
    xs, ys = [], []
    for x, y in ((0, 0), (width, 0), (width, height), (0, height)):
        xs.append(cosine * x + sine * y + shift_x)
        ys.append(-sine * x + cosine * y + shift_y)
    return (
        math.ceil(max(xs)) - math.floor(min(xs)),
        math.ceil(max(ys)) - math.floor(min(ys)),
    )


def find_width(overlay: Overlay, size: Size) -> int:
    """Return how wide a picture is laid over one of this size."""
    width = overlay.width or max(1, round(size[0] * overlay.percent / 100))
    if width > size[0]:
        raise outside("width", size)
    return width


def find_overlay(overlay: Overlay, logo: Size, size: Size) -> Box:
    """Return where a picture of a size is laid over another."""
    width = find_width(overlay, size)
    height = max(1, round(logo[1] * width / logo[0]))
    if height > size[1]:
        raise outside("width" if overlay.width else "percent", size)
    return put((width, height), size, overlay)
