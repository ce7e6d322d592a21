"""Says what a picture shows by measuring it: no trained model has a say."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from generation.engine.small.words import COLOURS

NONE = "none"

_NAMES = tuple(COLOURS)
_PALETTE = np.array([COLOURS[name] for name in _NAMES], dtype=np.float32)
_MAX_COLOUR_DISTANCE = 60.0  # sRGB units; the two nearest palette colours are 66 apart
_MIN_AREA, _MAX_AREA = 0.02, 0.7  # share of the picture that may be shape
_CORNER = 0.16  # side of a corner window as a share of the shape's box
_FULL, _EMPTY = 0.6, 0.35  # filled share that makes a corner window full or empty


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
    if not _MIN_AREA <= mask.mean() <= _MAX_AREA:
        return Verdict(NONE, NONE, background)
    colour = _nearest_colour(np.median(pixels[mask], axis=0))
    return Verdict(_outline(mask), colour, background)


def _border_median(pixels: np.ndarray) -> np.ndarray:
    rim = max(2, min(pixels.shape[:2]) // 32)
    sides = (pixels[:rim], pixels[-rim:], pixels[:, :rim], pixels[:, -rim:])
    return np.asarray(np.median(np.concatenate([side.reshape(-1, 3) for side in sides]), axis=0))


def _nearest_colour(colour: np.ndarray) -> str:
    distances = np.linalg.norm(_PALETTE - colour, axis=1)
    best = int(distances.argmin())
    return _NAMES[best] if distances[best] <= _MAX_COLOUR_DISTANCE else NONE


def _shape_mask(pixels: np.ndarray, border: np.ndarray) -> np.ndarray:
    """Return the pixels nearer to the shape's colour than to the background's."""
    distance = np.linalg.norm(pixels - border, axis=2)
    far = distance > 40.0
    if not far.any():
        return np.asarray(far)
    shape_colour = np.median(pixels[distance >= np.quantile(distance[far], 0.5)], axis=0)
    return np.asarray(np.linalg.norm(pixels - shape_colour, axis=2) < distance)


def _outline(mask: np.ndarray) -> str:
    """Return the shape whose box is filled like the mask's."""
    box = _box(mask)
    if box.shape[0] < 8 or box.shape[1] < 8:  # noqa: PLR2004
        return NONE
    height, width = (max(2, round(side * _CORNER)) for side in box.shape)
    top = [box[:height, :width].mean(), box[:height, -width:].mean()]
    bottom = [box[-height:, :width].mean(), box[-height:, -width:].mean()]
    filled = float(box.mean())
    if min(top + bottom) > _FULL and filled > 0.9:
        return "square"
    if max(top) < _EMPTY and min(bottom) > 0.45 and 0.4 < filled < 0.62:
        return "triangle"
    if max(top + bottom) < _EMPTY and filled > 0.68:
        return "circle"
    if max(top + bottom) < _EMPTY and 0.2 < filled < 0.55:
        return "star"
    return NONE


def _box(mask: np.ndarray) -> np.ndarray:
    """Return the part of the mask that holds the shape, without specks of a pixel or two."""
    rows = np.flatnonzero(mask.sum(axis=1) >= 2)  # noqa: PLR2004
    columns = np.flatnonzero(mask.sum(axis=0) >= 2)  # noqa: PLR2004
    if not rows.size or not columns.size:
        return mask[:0, :0]
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
