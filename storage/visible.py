"""The label that people see: words in a corner, no lower than GB 45438 wants.

The words are pictures (`marks/`, a file a language), not text: so no machine lacks a font or a glyph of them.
"""

import math
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

MARKS: Final = Path(__file__).parent / "marks"
# Of the shorter side: GB 45438 asks for 5 %, and rounding must not fall below.
HEIGHT: Final = 0.05
# Around the words, of their height; and how dark it is behind them (of 255), so that white is read on anything.
PADDING, DARKNESS = 0.4, 150
CORNERS: Final = ("bottom_right", "bottom_left", "top_right", "top_left")


def draw_mark(image: Image.Image, language: str, corner: str) -> Image.Image:
    """Return the picture with the words of a language in one of CORNERS; the picture itself stays as it is.

    Where it is too narrow for them, they are made as wide as it is.
    """
    words = fit(read_mark(language), image)
    padding = min(round(words.height * PADDING), (image.width - words.width) // 2)
    size = words.width + 2 * padding, min(words.height + 2 * padding, image.height)
    left = image.width - size[0] if corner.endswith("right") else 0
    top = image.height - size[1] if corner.startswith("bottom") else 0
    marked = image.copy()
    marked.paste("black", (left, top), mask=draw_ground(size, padding))
    marked.paste("white", (left + padding, top + (size[1] - words.height) // 2), mask=words)
    return marked


def fit(words: Image.Image, image: Image.Image) -> Image.Image:
    """Return the words as high as they must be on a picture, or as wide as it is."""
    height = math.ceil(min(image.size) * HEIGHT)
    width = round(words.width * height / words.height)
    if width > image.width:
        width, height = image.width, max(1, round(words.height * image.width / words.width))
    return words.resize((width, height), Image.Resampling.LANCZOS)


def draw_ground(size: tuple[int, int], radius: int) -> Image.Image:
    """Return how dark it becomes behind the words."""
    ground = Image.new("L", size)
    ImageDraw.Draw(ground).rounded_rectangle(
        (0, 0, size[0] - 1, size[1] - 1), radius, fill=DARKNESS
    )
    return ground


@cache
def read_mark(language: str) -> Image.Image:
    """Return the words of a language, white where they are."""
    with Image.open(MARKS / f"{language}.png") as mark:
        return mark.convert("L")
