"""Renders the pictures the small model learns from."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from generation.training.vocabulary import (
    COLOURS,
    PAIR_RADII,
    PLACES,
    RADII,
    Scene,
)

MARGIN = 0.02
"""What stays free between a shape and the picture's edge, as a share of the shorter side."""

_OVERSAMPLING = 4  # draw this much larger, then shrink: smooth edges
_LINE = 0.065  # width of an outline, as a share of the shorter side
_THIN_LINE = 0.36  # the same as a share of the radius, where that is less


@dataclass(frozen=True)
class Place:
    """Where a shape stands: centre (from the picture's) and radius, in shorter sides."""

    x: float = 0.0
    y: float = 0.0
    radius: float = 0.32


def draw_scene(
    scene: Scene, size: tuple[int, int], places: Sequence[Place], *, outline: bool = False
) -> Image.Image:
    """Return an RGB picture of the scene; size is width and height in pixels."""
    width, height = (side * _OVERSAMPLING for side in size)
    side = min(width, height)
    picture = Image.new("RGB", (width, height), COLOURS[scene.background])
    pen = ImageDraw.Draw(picture)
    for thing, place in zip(scene.things, places, strict=True):
        centre = (width / 2 + place.x * side, height / 2 + place.y * side)
        radius = place.radius * side
        _draw_shape(pen, thing.shape, centre, radius, COLOURS[thing.colour])
        if outline:
            inside = radius - _inset(thing.shape, min(_LINE, _THIN_LINE * place.radius) * side)
            _draw_shape(pen, thing.shape, centre, inside, COLOURS[scene.background])
    return picture.resize(size, Image.Resampling.BOX)


def random_places(scene: Scene, size: tuple[int, int], rng: random.Random) -> list[Place]:
    """Return where the scene's things stand in a picture of this size: as far out as they fit."""
    side = min(size)
    places = []
    for thing in scene.things:
        radius = rng.uniform(*(RADII[thing.extent] if len(scene.things) == 1 else PAIR_RADII))
        x, y = (
            rng.uniform(-0.02, 0.02) + step * rng.uniform(0.9, 1.0) * reach(length / side, radius)
            for step, length in zip(PLACES[thing.place], size, strict=True)
        )
        places.append(Place(x, y, radius))
    return places


def reach(length: float, radius: float) -> float:
    """Return how far from the middle of that length a shape's centre may stand."""
    return length / 2 - radius - MARGIN - 0.02


def _draw_shape(
    pen: ImageDraw.ImageDraw,
    shape: str,
    centre: tuple[float, float],
    radius: float,
    colour: tuple[int, int, int],
) -> None:
    if shape == "circle":
        pen.circle(centre, radius, fill=colour)
    else:
        pen.polygon(_corners(shape, centre, radius), fill=colour)


def _inset(shape: str, line: float) -> float:
    """Return how much smaller the inner outline's radius is for a line of that width."""
    return line * {"circle": 1.0, "square": 1.0 / 0.85, "triangle": 2.0, "star": 2.2}[shape]


def _corners(shape: str, centre: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    x, y = centre
    if shape == "square":
        half = radius * 0.85  # about the circle's area, so that size does not give the shape away
        return [
            (x - half, y - half),
            (x + half, y - half),
            (x + half, y + half),
            (x - half, y + half),
        ]
    points = {"triangle": 3, "star": 10}[shape]
    corners = []
    for number in range(points):
        angle = 2 * math.pi * number / points - math.pi / 2
        share = radius * 0.45 if shape == "star" and number % 2 else radius
        corners.append((x + share * math.cos(angle), y + share * math.sin(angle)))
    return corners
