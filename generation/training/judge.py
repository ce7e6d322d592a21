"""Says what a picture shows by measuring it: no trained model has a say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.training.scenes import reach
from generation.training.vocabulary import COLOURS, PLACES, RADII

NONE = "none"

_Array = npt.NDArray[Any]

_NAMES = tuple(COLOURS)
_PALETTE = np.array([COLOURS[name] for name in _NAMES], dtype=np.float32)
# Distances in sRGB units; the two nearest palette colours, orange and yellow, are 66 apart.
_MAX_COLOUR_DISTANCE = 60.0
_MIN_CONTRAST = 40.0
_LEAST_AREA = 0.008  # share of the picture; less is a speck
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


# How much longer each shape's box is than its radius, on the longer side.
_LENGTHS = {"circle": 2.0, "square": 1.7, "triangle": 1.73, "star": 1.9, NONE: 1.85}


@dataclass(frozen=True)
class Seen:
    """One thing in the picture: names from words.py, or "none" where nothing fits."""

    shape: str
    colour: str
    place: str
    extent: str


@dataclass(frozen=True)
class Verdict:
    """What the picture shows, its things in the order of their places."""

    things: tuple[Seen, ...]
    background: str

    @property
    def shape(self) -> str:
        """The only thing's shape; "none" where there is no thing or a second one."""
        return self.things[0].shape if len(self.things) == 1 else NONE

    @property
    def colour(self) -> str:
        """The only thing's colour; "none" where there is no thing or a second one."""
        return self.things[0].colour if len(self.things) == 1 else NONE


def judge_picture(image: Image.Image) -> Verdict:
    """Return the things in an RGB picture and the background's colour."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    border = _border_median(pixels)
    distance = np.linalg.norm(pixels - border, axis=2)
    things = [_see(pixels, distance, mask) for mask in _components(distance > _MIN_CONTRAST)]
    order = list(PLACES)
    things.sort(key=lambda thing: order.index(thing.place))
    return Verdict(tuple(things), _nearest_colour(border))


def _see(pixels: _Array, distance: _Array, component: _Array) -> Seen:
    """Return what one patch of other than the background's colour shows."""
    middle = np.median(distance[component])
    colour = np.median(pixels[component & (distance >= middle)], axis=0)
    mask = component & (np.linalg.norm(pixels - colour, axis=2) < distance)
    box = _box(mask)
    shape = _outline(box)
    radius = max(box.shape) / _LENGTHS[shape] / min(mask.shape)
    return Seen(shape, _nearest_colour(colour), _place(mask, radius), _extent(radius))


def _place(mask: _Array, radius: float) -> str:
    """Return where the mask's centre lies: past half of the way it could go, or in between."""
    side = min(mask.shape)
    steps = []
    for length, numbers in zip(mask.shape, np.nonzero(mask), strict=True):
        offset = (numbers.mean() + 0.5 - length / 2) / side if numbers.size else 0.0
        half = max(0.03, reach(length / side, radius) / 2)
        steps.append(int(np.sign(offset)) if abs(offset) > half else 0)
    return next(name for name, place in PLACES.items() if place == (steps[1], steps[0]))


def _extent(radius: float) -> str:
    """Return the extent whose radii are nearest."""
    return min(RADII, key=lambda name: abs(np.log(radius / np.mean(RADII[name]))))


def _border_median(pixels: _Array) -> _Array:
    rim = max(2, min(pixels.shape[:2]) // 32)
    sides = (pixels[:rim], pixels[-rim:], pixels[:, :rim], pixels[:, -rim:])
    return np.asarray(np.median(np.concatenate([side.reshape(-1, 3) for side in sides]), axis=0))


def _nearest_colour(colour: _Array) -> str:
    distances = np.linalg.norm(_PALETTE - colour, axis=1)
    best = int(distances.argmin())
    return _NAMES[best] if distances[best] <= _MAX_COLOUR_DISTANCE else NONE


def _components(mask: _Array) -> list[_Array]:
    """Return the connected patches of the mask that are large enough to be meant."""
    framed = np.pad(mask, 1)
    labels = np.where(framed, np.arange(1, framed.size + 1).reshape(framed.shape), 0)
    while True:
        spread = _spread(_spread(labels).T).T
        if (spread == labels).all():
            break
        labels = spread
    names, areas = np.unique(labels[framed], return_counts=True)
    return [
        labels[1:-1, 1:-1] == name
        for name, area in zip(names, areas, strict=True)
        if area >= _LEAST_AREA * mask.size
    ]


def _spread(labels: _Array) -> _Array:
    """Return the labels with each row's unbroken runs taking their highest one."""
    flat = labels.ravel()
    starts = np.flatnonzero(np.diff(flat > 0, prepend=not flat[0]))
    highest = np.maximum.reduceat(flat, starts)
    lengths = np.diff(starts, append=flat.size)
    return np.asarray(np.repeat(highest, lengths).reshape(labels.shape))


def _outline(box: _Array) -> str:
    """Return the shape whose box is filled like this one."""
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
