"""Says what a picture shows by measuring it: no trained model has a say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.engine.small.words import COLOURS

NONE = "none"

_Array = npt.NDArray[Any]

_NAMES = tuple(COLOURS)
_PALETTE = np.array([COLOURS[name] for name in _NAMES], dtype=np.float32)
# Distances in sRGB units; the two nearest palette colours, orange and yellow, are 66 apart.
_MAX_COLOUR_DISTANCE = 60.0
_MIN_CONTRAST = 40.0
_AREA = (0.02, 0.7)  # share of the picture that may be shape
_CORNER = 0.16  # side of a corner window as a share of the shape's box
_MIN_BOX = 8  # pixels; below that corners say nothing
_SPECK = 2  # pixels; a row with fewer is no part of the shape


@dataclass(frozen=True)
class _Rule:
    """Lowest and highest filled share of the upper corners, the lower ones and the whole box."""

    shape: str
    top: tuple[float, float]
    bottom: tuple[float, float]
    box: tuple[float, float]


_RULES = (
    _Rule("square", (0.6, 1.0), (0.6, 1.0), (0.9, 1.0)),
    _Rule("triangle", (0.0, 0.35), (0.45, 1.0), (0.4, 0.62)),
    _Rule("circle", (0.0, 0.35), (0.0, 0.35), (0.68, 0.9)),
    _Rule("star", (0.0, 0.35), (0.0, 0.35), (0.2, 0.55)),
)


@dataclass(frozen=True)
class Verdict:
    """What the picture shows: names from words.py, or "none" where nothing fits."""

    shape: str
    colour: str
    background: str


def judge_picture(image: Image.Image) -> Verdict:
    """Return the shape, its colour and the background's colour of an RGB picture."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    border = _border_median(pixels)
    background = _nearest_colour(border)
    mask = _shape_mask(pixels, border)
    if not _is_within(mask.mean(), _AREA):
        return Verdict(NONE, NONE, background)
    colour = _nearest_colour(np.median(pixels[mask], axis=0))
    return Verdict(_outline(mask), colour, background)


def _border_median(pixels: _Array) -> _Array:
    rim = max(2, min(pixels.shape[:2]) // 32)
    sides = (pixels[:rim], pixels[-rim:], pixels[:, :rim], pixels[:, -rim:])
    return np.asarray(np.median(np.concatenate([side.reshape(-1, 3) for side in sides]), axis=0))


def _nearest_colour(colour: _Array) -> str:
    distances = np.linalg.norm(_PALETTE - colour, axis=1)
    best = int(distances.argmin())
    return _NAMES[best] if distances[best] <= _MAX_COLOUR_DISTANCE else NONE


def _shape_mask(pixels: _Array, border: _Array) -> _Array:
    """Return the pixels nearer to the shape's colour than to the background's."""
    distance = np.linalg.norm(pixels - border, axis=2)
    far = distance > _MIN_CONTRAST
    if not far.any():
        return np.asarray(far)
    shape_colour = np.median(pixels[distance >= np.quantile(distance[far], 0.5)], axis=0)
    return np.asarray(np.linalg.norm(pixels - shape_colour, axis=2) < distance)


def _outline(mask: _Array) -> str:
    """Return the shape whose box is filled like the mask's."""
    box = _box(mask)
    if min(box.shape) < _MIN_BOX:
        return NONE
    height, width = (max(2, round(side * _CORNER)) for side in box.shape)
    top = (box[:height, :width].mean(), box[:height, -width:].mean())
    bottom = (box[-height:, :width].mean(), box[-height:, -width:].mean())
    for rule in _RULES:
        corners = all(_is_within(share, rule.top) for share in top) and all(
            _is_within(share, rule.bottom) for share in bottom
        )
        if corners and _is_within(box.mean(), rule.box):
            return rule.shape
    return NONE


def _is_within(share: float, limits: tuple[float, float]) -> bool:
    return bool(limits[0] <= share <= limits[1])


def _box(mask: _Array) -> _Array:
    """Return the part of the mask that holds the shape, without specks of a pixel or two."""
    rows = np.flatnonzero(mask.sum(axis=1) >= _SPECK)
    columns = np.flatnonzero(mask.sum(axis=0) >= _SPECK)
    if not rows.size or not columns.size:
        return mask[:0, :0]
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
