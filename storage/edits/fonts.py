"""What edits write with: two fonts that come with the hub, and those of its settings. A sign that a font lacks is found
before anything is drawn: it would be a box."""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pylopdf_fonts_zh_cn
from django.conf import settings
from fontTools.ttLib import TTFont

from storage.edits.geometry import EditRefused
from storage.edits.lettering import FontFile
from storage.edits.operations import Text

LINE_BREAK = "\n"


def list_fonts() -> Mapping[str, FontFile]:
    """Return the fonts by their names."""
    own: dict[str, FontFile] = {
        "sans": (str(pylopdf_fonts_zh_cn.sans_path()), 0),
        "serif": (str(pylopdf_fonts_zh_cn.serif_path()), 0),
    }
    return own | settings.EDIT_FONTS


def fonts_of(said: Iterable[Mapping[str, Any]]) -> dict[str, FontFile]:
    """Return the fonts that operations write with; one that is gone since is not there."""
    named = {one["font"] for one in said if one["action"] == "text"}
    return {name: file for name, file in list_fonts().items() if name in named}


def find_font(text: Text) -> FontFile:
    """Return what a text is written with; refuse a font that there is not, and a sign that it lacks."""
    fonts = list_fonts()
    if text.font not in fonts:
        raise EditRefused("font", "unknown", fonts=", ".join(fonts))
    known = read_signs(*fonts[text.font])
    for sign in text.text:
        if sign != LINE_BREAK and ord(sign) not in known:
            number = f"U+{ord(sign):04X}"
            name = unicodedata.name(sign, number)
            raise EditRefused(
                "text", "no_glyph", font=text.font, sign=sign, number=number, name=name
            )
    return fonts[text.font]


@cache
def read_signs(path: str, number: int) -> frozenset[int]:
    """Return the code points of the signs that a font has."""
    with TTFont(path, fontNumber=number, lazy=True) as font:
        return frozenset(font.getBestCmap())
