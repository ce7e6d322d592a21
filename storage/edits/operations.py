"""What an edit does, as values: each operation with its words, as the hub keeps them and the program reads them.

The ranges stand where callers' words are checked (`genhub.api.edit_words`). Imports nothing of the hub.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

# What is done, in C2PA's words for it.
CHANGES: Final = {
    "crop": "c2pa.cropped",
    "resize": "c2pa.resized",
    "rotate": "c2pa.orientation",
    "flip": "c2pa.orientation",
    "brightness": "c2pa.color_adjustments",
    "contrast": "c2pa.color_adjustments",
    "saturation": "c2pa.color_adjustments",
    "temperature": "c2pa.color_adjustments",
    "sharpen": "c2pa.filtered",
    "text": "c2pa.drawing",
    "overlay": "c2pa.placed",
    "flatten": "c2pa.edited",
}


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="action"):
    """One step of an edit. Lengths in pixels of the picture as it stands before the step; colours are #RRGGBB or
    #RRGGBBAA."""


class Crop(Operation, frozen=True, tag="crop"):
    """Keep a part: of a width and height, or the largest of a ratio such as 16:9; x and y, or position, say where."""

    width: int | None = None
    height: int | None = None
    ratio: str | None = None
    x: int | None = None
    y: int | None = None
    position: str = "center"


class Resize(Operation, frozen=True, tag="resize"):
    """Make larger or smaller; of a side that is not said, the shape decides."""

    width: int | None = None
    height: int | None = None
    fit: str = "contain"


class Rotate(Operation, frozen=True, tag="rotate"):
    """Turn clockwise; the picture grows to hold all of it, and the new corners get the colour."""

    degrees: float
    color: str = "#ffffff"


class Flip(Operation, frozen=True, tag="flip"):
    """Mirror: horizontal changes left and right."""

    direction: str


class Brightness(Operation, frozen=True, tag="brightness"):
    """From −100 (black) over 0 (unchanged) to 100 (twice as bright)."""

    amount: float


class Contrast(Operation, frozen=True, tag="contrast"):
    """From −100 (one grey) over 0 to 100 (twice the contrast)."""

    amount: float


class Saturation(Operation, frozen=True, tag="saturation"):
    """From −100 (no colours) over 0 to 100 (twice as strong)."""

    amount: float


class Temperature(Operation, frozen=True, tag="temperature"):
    """From −100 (cold, blue) over 0 to 100 (warm, yellow)."""

    amount: float


class Sharpen(Operation, frozen=True, tag="sharpen"):
    """Unsharp mask: percent of the difference to a blur of this radius; smaller differences than the threshold (of
    255) stay."""

    amount: float = 100
    radius: float = 2
    threshold: int = 3


class Text(Operation, frozen=True, tag="text"):
    """Write: lines are broken to fit the width, which is the picture's within the margins unless said otherwise."""

    text: str
    font: str
    size: int
    color: str = "#ffffff"
    outline_width: int = 0
    outline_color: str = "#000000"
    background: str | None = None
    padding: int = 0
    position: str = "bottom"
    margin: int = 16
    x: int | None = None
    y: int | None = None
    width: int | None = None
    align: str = "center"
    line_spacing: float = 1.3


class Overlay(Operation, frozen=True, tag="overlay"):
    """Lay another picture over it, so wide in pixels or in percent of the picture's width."""

    image: str
    width: int | None = None
    percent: float = 20
    opacity: float = 1
    position: str = "bottom_right"
    margin: int = 16
    x: int | None = None
    y: int | None = None


class Flatten(Operation, frozen=True, tag="flatten"):
    """Put a colour behind what is transparent."""

    color: str = "#ffffff"


AnyOperation = (
    Crop | Resize | Rotate | Flip | Brightness | Contrast | Saturation | Temperature | Sharpen | Text | Overlay | Flatten
)  # fmt: skip
Operations = tuple[AnyOperation, ...]


def list_changes(said: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what operations do in C2PA's words, each once."""
    return tuple(dict.fromkeys(CHANGES[one["action"]] for one in said))
