"""How people ask for a scene, in English and Chinese; some ways are held out of training."""

import random
import re
from typing import Final

from generation.training import vocabulary
from generation.training.patterns import (
    ASKED,
    BACKGROUND_WORDS,
    HELD_OUT_PAIRED,
    HELD_OUT_PHRASINGS,
    HELD_OUT_PLACED,
    PAIRED,
    PARTIAL_PHRASINGS,
    PHRASINGS,
    PLACED,
    RELATED,
    SUFFIXES,
)
from generation.training.vocabulary import Language, Scene, Thing

KINDS: Final = ("plain", "placed", "pair")
"""What held-out prompts ask for: one thing; one with its place and extent; two with places."""

# How often a training prompt takes each turn.
_PLAIN_WORD = 0.5  # the first word of a list, else any
_NO_BACKGROUND = 0.04
_CENTRE_SAID, _MEDIUM_SAID = 0.15, 0.15  # what goes without saying
_OF_LINKED = 0.4  # Chinese: with a particle between the colour and the shape
_RELATION = 0.5  # of the pairs side by side or above each other
_ASKED, _OTHER_BACKGROUND = 0.35, 0.25
_CAPITAL, _SHOUTED = 0.27, 0.03
_SUFFIX, _FULL_STOP = 0.12, 0.13
_FULL_WIDTH_COMMA = 0.7

_THING: Final[dict[Language, str]] = {"en": "a ", "zh": "一个"}
_BACKGROUND: Final[dict[Language, str]] = {"en": "background", "zh": "背景"}
_HELD_OUT: Final = frozenset(
    pattern
    for kind in (HELD_OUT_PHRASINGS, HELD_OUT_PLACED, HELD_OUT_PAIRED)
    for patterns in kind.values()
    for pattern in patterns
)


def training_prompt(scene: Scene, rng: random.Random) -> str:
    """Return a prompt as people type it, sometimes with a style's suffix."""
    language: Language = rng.choice(("en", "zh"))
    text = phrase(scene, language, vary(_pattern(scene, language, rng), language, rng), rng)
    if language == "en":
        text = _capitalised(text, rng)
    turn = rng.random()
    if turn < _SUFFIX:
        text += rng.choice(SUFFIXES[language])
    elif turn < _SUFFIX + _FULL_STOP:
        text += rng.choice(".!") if language == "en" else "\u3002"
    return _punctuated(text, language, rng)


def _pattern(scene: Scene, language: Language, rng: random.Random) -> str:
    places = tuple(thing.place for thing in scene.things)
    if len(places) == 2:
        if places in RELATED[language] and rng.random() < _RELATION:
            return rng.choice(RELATED[language][places])
        return rng.choice(PAIRED[language])
    if places != ("centre",) or rng.random() < _CENTRE_SAID:
        return rng.choice(PLACED[language])
    patterns = PARTIAL_PHRASINGS if rng.random() < _NO_BACKGROUND else PHRASINGS
    return rng.choice(patterns[language])


def vary(pattern: str, language: Language, rng: random.Random) -> str:
    """Return the pattern asked for politely, or with another word for the background; never one held out."""
    varied = pattern
    if pattern.startswith(_THING[language]) and rng.random() < _ASKED:
        varied = rng.choice(ASKED[language]) + pattern
    if rng.random() < _OTHER_BACKGROUND:
        varied = varied.replace(_BACKGROUND[language], rng.choice(BACKGROUND_WORDS[language]))
    return pattern if varied in _HELD_OUT else varied


def phrase(
    scene: Scene,
    language: Language,
    pattern: str,
    rng: random.Random,
    medium_said: float = _MEDIUM_SAID,
) -> str:
    """Return the pattern filled with one of the words for each part of the scene."""
    first, last = scene.things[0], scene.things[-1]
    size = _extent(first, language, rng, medium_said)
    colour = _pick(vocabulary.COLOUR_WORDS[language][first.colour], rng)
    shape = _pick(vocabulary.SHAPE_WORDS[language][first.shape], rng)
    leading = "{c} {s}" in pattern or (
        language == "zh" and rng.random() < 0.3 and "{c}{s}" in pattern
    )
    gap = " " if language == "en" else ""
    if size and leading:
        joint = gap if language == "en" or size.endswith("的") else "的"
        colour = f"{size}{joint}{colour}"
    elif size:
        shape = f"{size}{gap}{shape}"
    text = pattern.format(
        s=shape,
        c=colour,
        b=_pick(vocabulary.COLOUR_WORDS[language][scene.background], rng),
        n=_noun(first, language, rng, medium_said),
        m=_noun(last, language, rng, medium_said),
        p=_pick(vocabulary.PLACE_WORDS[language][first.place], rng),
        q=_pick(vocabulary.PLACE_WORDS[language][last.place], rng),
    )
    return _punctuated(re.sub(r"\ba (?=[aeiou])", "an ", text), language, rng)


def _noun(thing: Thing, language: Language, rng: random.Random, medium_said: float) -> str:
    """Return the thing with its extent and colour, without an article."""
    size = _extent(thing, language, rng, medium_said)
    colour = _pick(vocabulary.COLOUR_WORDS[language][thing.colour], rng)
    shape = _pick(vocabulary.SHAPE_WORDS[language][thing.shape], rng)
    if language == "en":
        return " ".join(part for part in (size, colour, shape) if part)
    link = "的" if rng.random() < _OF_LINKED else ""
    if size and rng.random() < _OF_LINKED:
        return f"{size}{'' if size.endswith('的') else '的'}{colour}{link}{shape}"
    return f"{colour}{link}{size}{shape}"


def _extent(thing: Thing, language: Language, rng: random.Random, medium_said: float) -> str:
    """Return the word for the thing's extent; most often none where it is medium."""
    if thing.extent == "medium" and rng.random() >= medium_said:
        return ""
    return _pick(vocabulary.EXTENT_WORDS[language][thing.extent], rng)


def _pick(choices: tuple[str, ...], rng: random.Random) -> str:
    return choices[0] if rng.random() < _PLAIN_WORD else rng.choice(choices)


def _capitalised(text: str, rng: random.Random) -> str:
    turn = rng.random()
    if turn < _SHOUTED:
        return text.upper()
    return text[0].upper() + text[1:] if turn < _SHOUTED + _CAPITAL else text


def _punctuated(text: str, language: Language, rng: random.Random) -> str:
    """Return Chinese text with the full-width comma most of the time, as keyboards give it."""
    full_width = language == "zh" and rng.random() < _FULL_WIDTH_COMMA
    return text.replace(",", "\uff0c") if full_width else text


def held_out_prompts(
    count: int, seed: int = 0, kinds: tuple[str, ...] = KINDS
) -> list[tuple[str, Language, Scene]]:
    """Return prompts never trained on, in scene and in phrasing.

    The kinds take turns, and of each kind every second prompt is Chinese.
    """
    rng = random.Random(seed)  # noqa: S311
    scenes = sorted(vocabulary.HELD_OUT)
    rng.shuffle(scenes)
    languages: tuple[Language, Language] = ("en", "zh")
    prompts = []
    for number in range(count):
        turn, kind = divmod(number, len(kinds))
        language, half = languages[turn % 2], turn // 2
        scene, patterns = scenes[half % len(scenes)], HELD_OUT_PHRASINGS
        if kinds[kind] == "placed":
            scene, patterns = (
                vocabulary.placed(scenes[-1 - half % len(scenes)], rng),
                HELD_OUT_PLACED,
            )
        elif kinds[kind] == "pair":
            scene, patterns = vocabulary.random_pair(rng, held_out=True), HELD_OUT_PAIRED
        pattern = patterns[language][half % len(patterns[language])]
        said = 0.0 if kinds[kind] == "plain" else _MEDIUM_SAID
        prompts.append((phrase(scene, language, pattern, rng, said), language, scene))
    return prompts
