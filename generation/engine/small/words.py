"""The small model's whole world: shapes, colours, phrasings, and what is held out of training."""

import random
import re
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

Language = Literal["en", "zh"]

SIZES: Final = ((128, 128), (192, 192), (256, 256), (256, 192), (192, 256))
"""Width and height in pixels of every size the model was trained at."""

DEFAULT_SIZE: Final = (256, 256)
DEFAULT_STEPS: Final = 12
DEFAULT_GUIDANCE: Final = 2.0

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

# The first word of a list is the plain one; the others stand for what people also type.
SHAPE_WORDS: Final[dict[Language, dict[str, tuple[str, ...]]]] = {
    "en": {
        "circle": ("circle", "disc", "disk", "round shape", "dot", "round circle", "ball"),
        "square": ("square", "square shape", "box", "square block", "square box"),
        "triangle": ("triangle", "triangular shape", "triangle shape", "three-sided shape"),
        "star": ("star", "five-pointed star", "star shape", "little star", "pentagram"),
    },
    "zh": {
        "circle": ("圆形", "圆", "圆圈", "圆盘", "圆点", "圆球"),
        "square": ("正方形", "方形", "方块", "四方形", "方框"),
        "triangle": ("三角形", "三角", "正三角形", "三角图形"),
        "star": ("星星", "五角星", "星形", "星", "小星星"),
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

# {c} colour of the shape, {s} shape, {b} colour of the background.
PHRASINGS: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "a {c} {s} on a {b} background",
        "{c} {s} on a {b} background",
        "{c} {s} on {b} background",
        "{c} {s} on {b}",
        "a {c} {s} on {b}",
        "the {c} {s} on the {b} background",
        "{b} background, {c} {s}",
        "{c} {s}, {b} background",
        "{b} background, a {c} {s}",
        "one {c} {s}, background {b}",
        "draw a {c} {s} on a {b} background",
        "draw me a {c} {s} on {b}",
        "a picture of a {c} {s} on a {b} background",
        "an image of a {c} {s} against a {b} background",
        "a {c} {s} against a {b} backdrop",
        "a {b} background with a {c} {s}",
        "on a {b} background, a {c} {s}",
        "on {b}, a {c} {s}",
        "a {s} in {c} on a {b} background",
        "a {s} coloured {c} on a {b} background",
        "a {s} that is {c}, the background is {b}",
        "{s}, {c}, on {b}",
        "a single {c} {s} centered on a {b} background",
        "a {c} {s} in front of a {b} wall",
        "a {c} {s} with a {b} background",
        "make a {c} {s}, background should be {b}",
        "i want a {c} {s} on a {b} background",
        "the background is {b} and the {s} is {c}",
        "{b} canvas, {c} {s} in the center",
        "a big {c} {s} over {b}",
        "simple {c} {s} icon, {b} background",
    ),
    "zh": (
        "{b}背景上的{c}{s}",
        "{b}背景上的一个{c}{s}",
        "{b}背景上有一个{c}的{s}",
        "{b}背景,{c}{s}",
        "{b}背景,{c}的{s}",
        "{c}{s},{b}背景",
        "{c}的{s},{b}的背景",
        "一个{c}的{s},背景是{b}",
        "一个{c}{s},背景为{b}",
        "一颗{c}的{s},{b}背景",
        "画一个{c}{s},{b}背景",
        "画一个{c}的{s},背景是{b}",
        "帮我画一个{c}{s},背景{b}",
        "在{b}背景上画一个{c}{s}",
        "在{b}的背景上,有一个{c}的{s}",
        "{b}底,{c}{s}",
        "{b}底色上的{c}{s}",
        "{b}的底,{c}的{s}",
        "背景是{b}的,{s}是{c}的",
        "背景{b},{s}{c}",
        "{s}是{c},背景是{b}",
        "{c}{s}在{b}背景上",
        "一张图片,{b}背景上有{c}{s}",
        "{b}画布中央的{c}{s}",
        "我想要一个{c}的{s},{b}背景",
        "一个大大的{c}{s},放在{b}背景前",
        "简单的{c}{s}图标,{b}背景",
        "来一个{c}{s},底色{b}",
    ),
}
HELD_OUT_PHRASINGS: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "{b} background with a {c} {s} in the middle",
        "please draw a {c} {s} on a {b} backdrop",
    ),
    "zh": (
        "{b}背景,中间有一个{c}的{s}",
        "请画一个{c}的{s},{b}的背景",
    ),
}
PARTIAL_PHRASINGS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("a {c} {s}", "{c} {s}", "draw a {c} {s}"),
    "zh": ("{c}{s}", "一个{c}的{s}", "画一个{c}{s}"),
}
SUFFIXES: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        ", photorealistic, DSLR, natural lighting, high detail",
        ", digital illustration, clean lines, detailed",
        ", anime style, cel shading, vivid colours",
        ", oil painting, visible brush strokes, canvas texture",
        ", high quality",
    ),
    "zh": (
        ",写实摄影,自然光,高细节",
        ",数字插画,线条干净,细节丰富",
        ",动漫风格,赛璐璐上色",
        ",油画,可见笔触,画布质感",
        ",高质量",
    ),
}
"""What the house's styles append: words that must change nothing the judge looks at."""

# How often a training prompt takes each turn.
_PLAIN_WORD = 0.5  # the first word of a list, else any
_NO_BACKGROUND = 0.04
_CAPITAL, _SHOUTED = 0.27, 0.03
_SUFFIX, _FULL_STOP = 0.15, 0.13
_FULL_WIDTH_COMMA = 0.7


@dataclass(frozen=True, order=True)
class Scene:
    """What a picture shows: names from SHAPES and COLOURS."""

    shape: str
    colour: str
    background: str


def _scenes() -> tuple[Scene, ...]:
    every = product(SHAPES, COLOURS, COLOURS)
    return tuple(Scene(s, c, b) for s, c, b in every if c != b)


SCENES: Final = _scenes()
HELD_OUT: Final = frozenset(random.Random(20).sample(SCENES, k=len(SCENES) // 5))  # noqa: S311
TRAINED: Final = tuple(scene for scene in SCENES if scene not in HELD_OUT)


def phrase(scene: Scene, language: Language, pattern: str, rng: random.Random) -> str:
    """Return the pattern filled with one of the words for each part of the scene."""

    def pick(choices: tuple[str, ...]) -> str:
        return choices[0] if rng.random() < _PLAIN_WORD else rng.choice(choices)

    text = pattern.format(
        s=pick(SHAPE_WORDS[language][scene.shape]),
        c=pick(COLOUR_WORDS[language][scene.colour]),
        b=pick(COLOUR_WORDS[language][scene.background]),
    )
    return _punctuated(re.sub(r"\ba (?=[aeiou])", "an ", text), language, rng)


def training_prompt(scene: Scene, rng: random.Random) -> str:
    """Return a prompt as people type it, sometimes with a style's suffix."""
    language: Language = rng.choice(("en", "zh"))
    patterns = PARTIAL_PHRASINGS if rng.random() < _NO_BACKGROUND else PHRASINGS
    text = phrase(scene, language, rng.choice(patterns[language]), rng)
    if language == "en":
        text = _capitalised(text, rng)
    turn = rng.random()
    if turn < _SUFFIX:
        text += rng.choice(SUFFIXES[language])
    elif turn < _SUFFIX + _FULL_STOP:
        text += rng.choice(".!") if language == "en" else "\u3002"
    return _punctuated(text, language, rng)


def _capitalised(text: str, rng: random.Random) -> str:
    turn = rng.random()
    if turn < _SHOUTED:
        return text.upper()
    return text[0].upper() + text[1:] if turn < _SHOUTED + _CAPITAL else text


def _punctuated(text: str, language: Language, rng: random.Random) -> str:
    """Return Chinese text with the full-width comma most of the time, as keyboards give it."""
    full_width = language == "zh" and rng.random() < _FULL_WIDTH_COMMA
    return text.replace(",", "\uff0c") if full_width else text


def held_out_prompts(count: int, seed: int = 0) -> list[tuple[str, Language, Scene]]:
    """Return prompts never trained on, in scene and in phrasing, every second one Chinese."""
    rng = random.Random(seed)  # noqa: S311
    scenes = sorted(HELD_OUT)
    rng.shuffle(scenes)
    languages: tuple[Language, Language] = ("en", "zh")
    prompts = []
    for number in range(count):
        language, turn = languages[number % 2], number // 2
        scene = scenes[turn % len(scenes)]
        pattern = HELD_OUT_PHRASINGS[language][turn % 2]
        prompts.append((phrase(scene, language, pattern, rng), language, scene))
    return prompts
