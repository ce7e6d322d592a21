"""The small model's whole world: shapes, colours, places, sizes, and what training holds out."""

import random
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final, Literal

Language = Literal["en", "zh"]

COLOURS: Final[dict[str, tuple[int, int, int]]] = {
    "red": (220, 40, 40),
    "green": (40, 170, 70),
    "blue": (50, 90, 220),
    "yellow": (240, 205, 50),
    "purple": (140, 60, 180),
    "orange": (245, 140, 40),
    "black": (25, 25, 25),
    "white": (245, 245, 245),
}
"""sRGB bytes of each colour."""

SHAPES: Final = ("circle", "square", "triangle", "star")

PLACES: Final[dict[str, tuple[int, int]]] = {
    "top left": (-1, -1),
    "top": (0, -1),
    "top right": (1, -1),
    "left": (-1, 0),
    "centre": (0, 0),
    "right": (1, 0),
    "bottom left": (-1, 1),
    "bottom": (0, 1),
    "bottom right": (1, 1),
}
"""Column and row of each place, counted from the centre."""

RADII: Final[dict[str, tuple[float, float]]] = {
    "small": (0.13, 0.15),
    "medium": (0.23, 0.26),
    "large": (0.335, 0.365),
}
"""Least and greatest radius of each extent, as a share of the picture's shorter side."""

PAIR_RADII: Final = (0.175, 0.195)
"""The same for either of two shapes, where no extent is asked for."""

# The first word of a list is the plain one; the others stand for what people also type.
SHAPE_WORDS: Final[dict[Language, dict[str, tuple[str, ...]]]] = {
    "en": {
        "circle": ("circle", "disc", "disk", "round shape", "dot", "round circle", "ball"),
        "square": ("square", "square shape", "box", "square block", "square box"),
        "triangle": ("triangle", "triangular shape", "triangle shape", "three-sided shape"),
        "star": ("star", "five-pointed star", "star shape", "pentagram"),
    },
    "zh": {
        "circle": ("圆形", "圆", "圆圈", "圆盘", "圆点", "圆球"),
        "square": ("正方形", "方形", "方块", "四方形", "方框"),
        "triangle": ("三角形", "三角", "正三角形", "三角图形"),
        "star": ("星星", "五角星", "星形", "星"),
    },
}
COLOUR_WORDS: Final[dict[Language, dict[str, tuple[str, ...]]]] = {
    "en": {
        "red": ("red", "bright red", "crimson", "scarlet"),
        "green": ("green", "bright green", "emerald"),
        "blue": ("blue", "bright blue", "cobalt blue"),
        "yellow": ("yellow", "bright yellow", "golden", "lemon yellow"),
        "purple": ("purple", "violet"),
        "orange": ("orange", "bright orange", "tangerine"),
        "black": ("black", "jet black"),
        "white": ("white", "snow white"),
    },
    "zh": {
        "red": ("红色", "红", "大红色"),
        "green": ("绿色", "绿", "翠绿色"),
        "blue": ("蓝色", "蓝", "宝蓝色"),
        "yellow": ("黄色", "黄", "金黄色"),
        "purple": ("紫色", "紫", "紫罗兰色"),
        "orange": ("橙色", "橙", "橘色"),
        "black": ("黑色", "黑", "纯黑色"),
        "white": ("白色", "白", "纯白色"),
    },
}
PLACE_WORDS: Final[dict[Language, dict[str, tuple[str, ...]]]] = {
    "en": {
        "top left": ("in the top left", "in the top left corner", "in the upper left"),
        "top": ("at the top", "in the top center", "on the top edge"),
        "top right": ("in the top right", "in the top right corner", "in the upper right"),
        "left": ("on the left", "on the left side", "at the left"),
        "centre": ("in the middle", "in the center", "in the centre"),
        "right": ("on the right", "on the right side", "at the right"),
        "bottom left": ("in the bottom left", "in the bottom left corner", "in the lower left"),
        "bottom": ("at the bottom", "in the bottom center", "on the bottom edge"),
        "bottom right": (
            "in the bottom right",
            "in the bottom right corner",
            "in the lower right",
        ),
    },
    "zh": {
        "top left": ("左上角", "左上方", "左上"),
        "top": ("上方", "上面", "上边", "顶部"),
        "top right": ("右上角", "右上方", "右上"),
        "left": ("左边", "左侧", "左面"),
        "centre": ("中间", "正中间", "中央", "中心"),
        "right": ("右边", "右侧", "右面"),
        "bottom left": ("左下角", "左下方", "左下"),
        "bottom": ("下方", "下面", "下边", "底部"),
        "bottom right": ("右下角", "右下方", "右下"),
    },
}
EXTENT_WORDS: Final[dict[Language, dict[str, tuple[str, ...]]]] = {
    "en": {
        "small": ("small", "little", "tiny"),
        "medium": ("medium", "medium-sized"),
        "large": ("large", "big", "huge"),
    },
    "zh": {
        "small": ("小", "小小的", "小号"),
        "medium": ("中等", "中号", "中等大小的"),
        "large": ("大", "大大的", "大号"),
    },
}


@dataclass(frozen=True, order=True)
class Thing:
    """One shape: names from SHAPES, COLOURS, PLACES and RADII."""

    shape: str
    colour: str
    place: str = "centre"
    extent: str = "medium"


@dataclass(frozen=True, order=True)
class Scene:
    """What a picture shows: one thing or two, in the order of their places, and what is behind."""

    things: tuple[Thing, ...]
    background: str


def _plain_scenes() -> tuple[Scene, ...]:
    every = product(SHAPES, COLOURS, COLOURS)
    return tuple(Scene((Thing(s, c),), b) for s, c, b in every if c != b)


SCENES: Final = _plain_scenes()
"""Every shape of every colour on every other: in the centre, of medium extent."""

HELD_OUT: Final = frozenset(random.Random(20).sample(SCENES, k=len(SCENES) // 5))  # noqa: S311
"""Never trained, at no place and of no extent."""

TRAINED: Final = tuple(scene for scene in SCENES if scene not in HELD_OUT)

_Look = tuple[str, str]
_LOOKS: Final = tuple(combinations(tuple(product(SHAPES, COLOURS)), 2))
HELD_OUT_PAIRS: Final = frozenset(random.Random(21).sample(_LOOKS, k=len(_LOOKS) // 5))  # noqa: S311
"""Two shapes with their colours that never stood together in training."""

PAIR_SHARE: Final = 0.37
"""Of the scenes to train on that show two things."""

_PLAIN_SHARE = 0.33  # and one plain thing; the rest is placed or sized


def random_scene(rng: random.Random) -> Scene:
    """Return a scene to train on: plain, placed and sized, or of two things."""
    turn = rng.random()
    if turn < PAIR_SHARE:
        return random_pair(rng, held_out=False)
    scene = rng.choice(TRAINED)
    return scene if turn < PAIR_SHARE + _PLAIN_SHARE else placed(scene, rng)


def placed(scene: Scene, rng: random.Random) -> Scene:
    """Return the plain scene with its thing at any place and of any extent."""
    thing = scene.things[0]
    place, extent = rng.choice(tuple(PLACES)), rng.choice(tuple(RADII))
    return Scene((Thing(thing.shape, thing.colour, place, extent),), scene.background)


def _pair_places() -> tuple[tuple[str, str], ...]:
    """Return the places of two things that never touch: at opposite sides at least one way."""
    return tuple(
        (one, other)
        for one, other in combinations(PLACES, 2)
        if any(abs(a - b) == 2 for a, b in zip(PLACES[one], PLACES[other], strict=True))
    )


PAIR_PLACES: Final = _pair_places()
_STRAIGHT: Final = (("left", "right"), ("top", "bottom"))
_STRAIGHT_SHARE = 0.55  # of the pairs; relations such as "above" need them


def random_pair(rng: random.Random, *, held_out: bool) -> Scene:
    """Return a scene of two things, from the held-out pairs or from the others."""
    while True:
        looks = rng.sample(tuple(product(SHAPES, COLOURS)), 2)
        if (tuple(sorted(looks, key=_look_number)) in HELD_OUT_PAIRS) == held_out:
            break
    background = rng.choice([name for name in COLOURS if name not in {looks[0][1], looks[1][1]}])
    places = rng.choice(_STRAIGHT if rng.random() < _STRAIGHT_SHARE else PAIR_PLACES)
    things = [Thing(*look, place) for look, place in zip(looks, places, strict=True)]
    return Scene(tuple(things), background)


def _look_number(look: _Look) -> tuple[int, int]:
    return SHAPES.index(look[0]), tuple(COLOURS).index(look[1])
