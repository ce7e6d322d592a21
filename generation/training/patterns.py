"""The sentences that scenes are asked for in, with gaps for the words.

{c} colour and {s} shape of one thing, {b} colour of the background; {n} the first thing with
its colour and extent, {p} its place; {m} and {q} the same of the second thing.
"""

from typing import Final

from generation.training.vocabulary import Language

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
        "a {c} {s} over {b}",
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
        "一个{c}{s},放在{b}背景前",
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

PLACED: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "a {n} {p} on a {b} background",
        "a {n} {p}, on a {b} background",
        "a {n} {p}, {b} background",
        "{n} {p}, {b} background",
        "{n} {p} on {b}",
        "a {n} {p} of a {b} background",
        "the {n} {p} of the {b} picture",
        "draw a {n} {p} on {b}",
        "a {n} on a {b} background, {p}",
        "a {b} background with a {n} {p}",
        "on a {b} background, a {n} {p}",
        "{b} background, {n} {p}",
        "{b} canvas, a {n} {p}",
        "{p} a {n}, the background is {b}",
        "a {n} is {p}, the background is {b}",
        "put a {n} {p} on a {b} background",
        "i want a {n} {p}, background {b}",
        "a picture of a {n} {p} on a {b} background",
    ),
    "zh": (
        "{b}背景,{p}有一个{n}",
        "{b}背景,{p}一个{n}",
        "{b}背景的{p}有一个{n}",
        "{b}背景上,{p}是{n}",
        "{p}一个{n},{b}背景",
        "{p}有一个{n},背景是{b}",
        "一个{n}在{p},{b}背景",
        "一个{n},在{p},背景为{b}",
        "{n}在{b}背景的{p}",
        "画一个{n},放在{p},{b}背景",
        "在{p}画一个{n},{b}背景",
        "在{b}背景的{p}画一个{n}",
        "{b}底,{n}在{p}",
        "{b}画布,{p}的{n}",
        "位于{p}的{n},{b}背景",
        "我想要一个{n}在{p},背景{b}",
    ),
}
HELD_OUT_PLACED: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "{b} backdrop with a {n} {p}",
        "please draw a {n} {p} on a {b} background",
    ),
    "zh": (
        "在{b}背景上,{p}放一个{n}",
        "请在{p}画一个{n},背景是{b}",
    ),
}

PAIRED: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "a {n} {p} and a {m} {q}, on a {b} background",
        "a {n} {p} and a {m} {q} on a {b} background",
        "a {n} {p} and a {m} {q}, {b} background",
        "a {m} {q} and a {n} {p}, on a {b} background",
        "a {n} {p}, a {m} {q}, {b} background",
        "{n} {p}, {m} {q}, {b} background",
        "{n} {p} and {m} {q} on {b}",
        "{b} background, {n} {p}, {m} {q}",
        "{b} background, a {m} {q} and a {n} {p}",
        "on a {b} background, a {n} {p} and a {m} {q}",
        "{p} a {n}, {q} a {m}, {b} background",
        "draw a {n} {p} and a {m} {q} on {b}",
        "a {b} background with a {n} {p} and a {m} {q}",
        "two shapes on a {b} background: a {n} {p}, a {m} {q}",
        "there is a {n} {p} and a {m} {q}, the background is {b}",
    ),
    "zh": (
        "{b}背景,{p}是{n},{q}是{m}",
        "{b}背景,{q}是{m},{p}是{n}",
        "{b}背景,{p}一个{n},{q}一个{m}",
        "{b}背景上,{p}有一个{n},{q}有一个{m}",
        "{p}一个{n},{q}一个{m},{b}背景",
        "{q}一个{m},{p}一个{n},{b}背景",
        "{p}是{n},{q}是{m},背景是{b}",
        "{p}有{n},{q}有{m},背景为{b}",
        "{n}在{p},{m}在{q},{b}背景",
        "一个{n}在{p}和一个{m}在{q},{b}背景",
        "画一个{n}在{p},一个{m}在{q},背景{b}",
        "{b}底,{p}{n},{q}{m}",
    ),
}
HELD_OUT_PAIRED: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "please draw a {n} {p} and a {m} {q}, on a {b} backdrop",
        "{b} backdrop, a {n} {p}, a {m} {q}",
    ),
    "zh": (
        "请画一个{n}在{p},再画一个{m}在{q},{b}的背景",
        "背景是{b},{p}有一个{n},{q}有一个{m}",
    ),
}

_BESIDE, _ABOVE = ("left", "right"), ("top", "bottom")
RELATED: Final[dict[Language, dict[tuple[str, ...], tuple[str, ...]]]] = {
    "en": {
        _BESIDE: (
            "a {n} and a {m} on a {b} background",
            "{n} and {m}, {b} background",
            "{b} background, a {n} and a {m}",
            "a {n} next to a {m} on a {b} background",
            "a {n} beside a {m}, {b} background",
            "a {n} to the left of a {m} on a {b} background",
            "a {n} left of a {m}, {b} background",
            "a {m} to the right of a {n} on a {b} background",
        ),
        _ABOVE: (
            "a {n} above a {m} on a {b} background",
            "a {n} over a {m}, {b} background",
            "{b} background, a {n} above a {m}",
            "a {m} below a {n} on a {b} background",
            "a {m} under a {n}, {b} background",
        ),
    },
    "zh": {
        _BESIDE: (
            "{b}背景上的{n}和{m}",
            "一个{n}和一个{m},{b}背景",
            "{b}背景,一个{n}和一个{m}",
            "{n}旁边是{m},{b}背景",
            "{n}在{m}的左边,{b}背景",
            "{m}在{n}的右边,{b}背景",
        ),
        _ABOVE: (
            "{n}在{m}的上面,{b}背景",
            "{n}在{m}上方,背景是{b}",
            "{b}背景,{n}下面是{m}",
            "{m}在{n}的下面,{b}背景",
        ),
    },
}
"""Pairs that stand in these places, asked for without naming the places."""

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

ASKED: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "draw ",
        "please draw ",
        "can you draw ",
        "could you please make ",
        "make ",
        "generate ",
        "please create ",
        "show me ",
        "paint ",
        "i would like ",
        "a drawing of ",
        "an illustration with ",
    ),
    "zh": ("画", "请画", "帮我画", "请帮我画", "麻烦画", "生成", "请生成", "来"),
}
"""What may stand before a sentence that begins with a thing."""

BACKGROUND_WORDS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("backdrop", "canvas", "surface"),
    "zh": ("底色", "画布"),
}
"""What people also say for the background."""
