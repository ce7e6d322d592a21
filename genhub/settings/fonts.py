"""Fonts that edits may write with, besides the two that come with the hub."""

import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from genhub.settings.parts import first

__all__ = ["EDIT_FONTS"]

# A name, a file, and of a collection of fonts the number of one: title=/usr/share/fonts/title.ttc#2
FONT = re.compile(r"([a-z0-9][a-z0-9_-]{0,49})=(.+?)(?:#(\d{1,3}))?")


def read_fonts(text: str) -> dict[str, tuple[str, int]]:
    """Return the fonts of EDIT_FONTS, parted by commas: each name's file, and its number there."""
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        said = FONT.fullmatch(part)
        if not said or not Path(said[2]).is_absolute():
            raise ImproperlyConfigured(
                f"EDIT_FONTS must look like title=/usr/share/fonts/title.otf, not {part!r}"
            )
        if not Path(said[2]).is_file():
            raise ImproperlyConfigured(f"EDIT_FONTS: there is no file {said[2]!r}")
        found[said[1]] = (said[2], int(said[3] or 0))
    return found


EDIT_FONTS = read_fonts(first("EDIT_FONTS"))
