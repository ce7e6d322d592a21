"""Two versions side by side in words: what went is struck out on the left, what came is marked on the right."""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from django.contrib.admin.utils import label_for_field
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext

from genhub.admin.forms import write_json
from templates.admin.words import word_platforms, word_price
from templates.models import TemplateVersion
from templates.services import COPIED, JSON_WORDS

# Words, signs and single Chinese characters: what a person sees as one.
PIECES: Final = re.compile(r"\s+|[A-Za-z0-9_]+|.", re.S)
# To compare more than so many pieces takes too long for a page: then a field is another as a whole.
MOST_PIECES: Final = 4000
IN_WORDS: Final[Mapping[str, Callable[[TemplateVersion], str]]] = {
    "media_type": TemplateVersion.get_media_type_display,
    "moderation": TemplateVersion.get_moderation_display,
    "platforms": word_platforms,
    "price": word_price,
}


def compare(
    left: TemplateVersion, right: TemplateVersion
) -> list[tuple[str, SafeString, SafeString]]:
    """Return the label of each field that differs, and its two values."""
    rows = []
    for name in (*COPIED, *JSON_WORDS):
        texts = text_of(left, name), text_of(right, name)
        if texts[0] != texts[1]:
            label = capfirst(str(label_for_field(name, TemplateVersion)))
            rows.append((label, *mark_changes(*texts)))
    return rows


def text_of(version: TemplateVersion, name: str) -> str:
    """Return a field's value as people read it."""
    value = getattr(version, name)
    if name in IN_WORDS:
        return str(IN_WORDS[name](version))
    if name in JSON_WORDS:
        return write_json(value) if value else "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value) or "–"


def mark_changes(left: str, right: str) -> tuple[SafeString, SafeString]:
    """Return two texts with what only one of them holds marked in it."""
    before, after = PIECES.findall(left), PIECES.findall(right)
    if len(before) + len(after) > MOST_PIECES:
        return wrap("del", left), wrap("ins", right)
    steps = SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    old = list(list_parts("del", ((tag, before[i:j]) for tag, i, j, _k, _l in steps)))
    new = list(list_parts("ins", ((tag, after[k:m]) for tag, _i, _j, k, m in steps)))
    return format_html_join("", "{}", old), format_html_join("", "{}", new)


def list_parts(element: str, parts: Any) -> Iterator[tuple[SafeString | str]]:
    """Yield each part of a text, those that the other text does not have inside an element."""
    for tag, pieces in parts:
        text = "".join(pieces)
        if text:
            yield (text if tag == "equal" else wrap(element, text),)


def wrap(element: str, text: str) -> SafeString:
    """Return a text inside an element of this name, which is ours."""
    return format_html("<del>{}</del>" if element == "del" else "<ins>{}</ins>", text)
