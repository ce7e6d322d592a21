"""Text as it is judged, never as it is drawn: what looks alike is alike, and what nobody sees is not there.

Each step takes a time that grows with the length of the text, and no faster.
"""

import re
import unicodedata
from functools import cache
from typing import Final

from generation.moderation.lookalikes import LOOKALIKES, ONES, ROWS, SIGNS

# Around each word, so that whole words are found as plain text; no text holds them once it is folded.
BEGINS, ENDS = "\x02", "\x03"
# Of scripts that write their words without spaces: Thai to Khmer, Hangul's parts, Chinese and Japanese, Hangul.
UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
LETTER: Final = rf"[^\W_{UNSPACED}]"
WORD: Final = re.compile(rf"{LETTER}+")
GAP: Final = re.compile(r"[\W_]+")
# Marks that any letter can wear; those of Indic scripts and of kana are letters of their own.
MARKS: Final = (
    (0x300, 0x370),
    (0x1AB0, 0x1B00),
    (0x1DC0, 0x1E00),
    (0x20D0, 0x2100),
    (0xFE20, 0xFE30),
)
# They take no place on a screen, and are no format characters.
BLANKS: Final = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x180E)  # fmt: skip
SPACES: Final = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85"
# Signs that hide a word of an unspaced script; what ends a clause parts words indeed.
BETWEEN: Final = re.compile(rf"(?<=[{UNSPACED}])[\s*._~|/\\+^'\"`·•#=$@&-]+(?=[{UNSPACED}])")
REPEATED: Final = re.compile(r"(\w)\1{2,}")
SPELLED: Final = re.compile(rf"(?<!{LETTER})(?:{LETTER}[\W_]{{1,3}}){{2,}}{LETTER}(?!{LETTER})")


@cache
def read_table() -> dict[int, str | None]:
    """Return what becomes of each character that is not what it looks like, or looks like nothing."""
    table: dict[int, str | None] = {}
    for code in (*range(0x20000), *range(0xE0000, 0xE0200)):
        # Format characters, and control characters that are no spaces; there are none elsewhere.
        if unicodedata.category(chr(code)) in {"Cf", "Cc"} and chr(code) not in SPACES:
            table[code] = None
    table |= dict.fromkeys(BLANKS)
    for first, end in MARKS:
        table |= dict.fromkeys(range(first, end))
    for letter, alike in LOOKALIKES.items():
        table |= {ord(one): letter for one in alike}
    for first in ROWS:
        table |= {first + number: chr(ord("a") + number) for number in range(26)}
    return table


def fold(text: str) -> str:
    """Return a text in small letters without marks, lookalikes and what is not seen."""
    parted = unicodedata.normalize("NFKD", text)
    folded = parted.translate(read_table()).casefold()
    # What casefold parts again (“İ”), and letters that it turned into ones with marks.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", folded).translate(read_table()))  # fmt: skip


def mark_words(folded: str) -> str:
    """Return a folded text with one space for each gap, and each word between its marks."""
    return WORD.sub(rf"{BEGINS}\g<0>{ENDS}", GAP.sub(" ", folded)).strip()


def undisguise(folded: str, one: str) -> str:
    """Return a folded text with signs read as letters (“1” as this one), without signs in words, repeated letters, and
    gaps in words that are spelled."""
    text = BETWEEN.sub("", folded)
    letters = SIGNS | dict.fromkeys(ONES, one)
    text = text.translate({ord(sign): letter for sign, letter in letters.items()})
    return SPELLED.sub(lambda found: GAP.sub("", found[0]), REPEATED.sub(r"\1", text))


def list_views(text: str) -> list[str]:
    """Return the ways to read a text, each in the form of `mark_words`; a plain one has one."""
    folded = fold(text)
    readings = [folded, *(undisguise(folded, one) for one in "il")]
    return list(dict.fromkeys(map(mark_words, readings)))
