"""Renders the pictures the small model learns from."""

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from generation.engine.small.words import COLOURS, Scene

_OVERSAMPLING = 4  # draw this much larger, then shrink: smooth edges


@dataclass(frozen=True)
class Place:
    """Where the shape stands: centre and radius, as shares of the picture's shorter side."""

    x: float = 0.0
    y: float = 0.0
    radius: float = 0.32


def draw_scene(scene: Scene, size: tuple[int, int], place: Place = Place()) -> Image.Image:
    """Return an RGB picture of the scene; size is width and height in pixels."""
    width, height = (side * _OVERSAMPLING for side in size)
    side = min(width, height)
    centre = (width / 2 + place.x * side, height / 2 + place.y * side)
    picture = Image.new("RGB", (width, height), COLOURS[scene.background])
    pen = ImageDraw.Draw(picture)
    colour = COLOURS[scene.colour]
    if scene.shape == "circle":
        pen.circle(centre, place.radius * side, fill=colour)
    else:
        pen.polygon(_corners(scene.shape, centre, place.radius * side), fill=colour)
    return picture.resize(size, Image.Resampling.BOX)


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
        reach = radius * 0.45 if shape == "star" and number % 2 else radius
        corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return corners


def random_place(rng: random.Random) -> Place:
    """Return a place near the middle (within 3 %) and of nearly one size, as trained."""
    return Place(rng.uniform(-0.03, 0.03), rng.uniform(-0.03, 0.03), rng.uniform(0.30, 0.34))
