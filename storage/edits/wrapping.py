"""Where lines of text may end: between words, and between any two Chinese signs, except where punctuation forbids it.

Imports nothing of the hub.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

# No line begins with these and none ends with those (GB/T 15834, JIS X 4051).
NO_START: Final = frozenset("，。、；：？！）》」』】〕〉”’…—·％℃,.;:?!)]}%")
NO_END: Final = frozenset("（《「『【〔〈“‘￥＄([{$")
WIDE: Final = frozenset("WF")
WORDS: Final = re.compile(r"\s+|\S+")


def wrap(text: str, most: float, measure: Callable[[str], float]) -> list[str]:
    """Return the lines of a text, each at most so long where that can be; a word that is longer is broken anywhere."""
    return [line for part in text.split("\n") for line in wrap_paragraph(part, most, measure)]


def wrap_paragraph(text: str, most: float, measure: Callable[[str], float]) -> list[str]:
    """Return the lines of a text without line breaks of its own."""
    lines = [""]
    for piece in list_pieces(text):
        if measure((lines[-1] + piece).rstrip()) <= most:
            lines[-1] += piece
            continue
        lines[-1] = lines[-1].rstrip()
        lines.append(piece.lstrip())
        while len(lines[-1]) > 1 and measure(lines[-1].rstrip()) > most:
            count = count_fitting(lines[-1], most, measure)
            lines[-1:] = [lines[-1][:count], lines[-1][count:]]
    lines[-1] = lines[-1].rstrip()
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def count_fitting(text: str, most: float, measure: Callable[[str], float]) -> int:
    """Return how many signs of a text fit, one at least."""
    return next(
        (count for count in range(1, len(text)) if measure(text[: count + 1]) > most), len(text)
    )


def list_pieces(text: str) -> list[str]:
    """Return what no line breaks within: words, spaces, and wide signs with the punctuation that belongs to them."""
    pieces: list[str] = []
    for sign in split(text):
        before = pieces[-1] if pieces else ""
        belongs = sign[0] in NO_START or (before and before[-1] in NO_END)
        if before.strip() and belongs and sign.strip():
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces


def split(text: str) -> list[str]:
    """Return a text's words, spaces and wide signs."""
    found = []
    for word in WORDS.findall(text):
        start = 0
        for place, sign in enumerate(word):
            if unicodedata.east_asian_width(sign) in WIDE:
                found += [part for part in (word[start:place], sign) if part]
                start = place + 1
        if word[start:]:
            found.append(word[start:])
    return found
