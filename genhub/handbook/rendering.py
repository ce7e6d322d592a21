"""The handbook's Markdown made into pages: no HTML of its own gets through, links lead where the hub serves them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

FOLDER = Path(__file__).parent
INDEX = "index"
SUBJECTS = (
    "start",
    "order",
    "clients",
    "files",
    "batches",
    "labels",
    "keys",
    "privacy",
    "webhooks",
    "browser",
    "panel",
    "credits",
    "engine",
    "providers",
    "queue",
    "alerts",
    "traces",
    "moderation",
    "run",
    "containers",
    "scale",
    "settings",
    "develop",
)
# A language by its code, and the folder of its pages.
FOLDERS = {"en": "en", "zh-hans": "zh-Hans"}
# From a page to the folder of pictures, as the repository's browser follows it.
PICTURES = "../../static/"
DEEPEST = 3
# Chinese has no spaces between words, so a line's end inside a sentence is none.
WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef“”…]")


class BrokenLink(ValueError):
    """A page links to what the hub does not serve."""


@dataclass(frozen=True)
class Heading:
    """A part of a page, for the table of contents."""

    anchor: str
    title: str
    level: int


@dataclass(frozen=True)
class Page:
    """One subject in one language."""

    subject: str
    title: str
    html: str
    headings: tuple[Heading, ...]

    @property
    def address(self) -> str:
        """Return where it is served."""
        return address_of(self.subject)


@cache
def read_page(language: str, subject: str) -> Page:
    """Return a page; it changes with the hub's version only, so each process renders it once."""
    html, [first, *others] = render(
        (FOLDER / FOLDERS[language] / f"{subject}.md").read_text("utf-8")
    )
    return Page(subject, first.title, html, tuple(others))


def render(text: str) -> tuple[str, list[Heading]]:
    """Return Markdown as HTML, and its headings."""
    state: dict[str, Any] = {}
    return _markdown().render(text, state), state["headings"]


@cache
def list_pages(language: str) -> tuple[Page, ...]:
    """Return every page in reading order, the index first."""
    return tuple(read_page(language, subject) for subject in (INDEX, *SUBJECTS))


def address_of(subject: str) -> str:
    """Return the address of a subject; the index is the handbook's own."""
    return reverse("handbook") if subject == INDEX else reverse("handbook-page", args=[subject])


def resolve_link(target: str) -> str:
    """Return where a link of the repository leads when it is served; raise when it leads nowhere."""
    path, mark, anchor = target.partition("#")
    if target.startswith(("https://", "http://")) or not path:
        return target
    name = path.removesuffix(".md")
    if path.endswith(".md") and name in {INDEX, *SUBJECTS}:
        return f"{address_of(name)}{mark}{anchor}"
    raise BrokenLink(target)


def resolve_picture(target: str) -> str:
    """Return the address of a picture among the static files."""
    if not target.startswith(PICTURES):
        raise BrokenLink(target)
    return static(target.removeprefix(PICTURES))


def _markdown() -> MarkdownIt:
    options = {"html": False, "linkify": False, "highlight": _colour}
    markdown = MarkdownIt("commonmark", options).enable("table")
    markdown.use(anchors_plugin, max_level=DEEPEST, permalink=False)
    markdown.core.ruler.push("handbook", _finish)
    return markdown


def _colour(code: str, language: str, _attributes: str) -> str:
    if not language:
        return ""
    return str(highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True)))


def _finish(state: StateCore) -> None:
    """Lead links and pictures to what is served, and note the headings."""
    headings = state.env["headings"] = []
    for token, after in zip(state.tokens, [*state.tokens[1:], None], strict=True):
        if token.type == "heading_open" and after and token.attrGet("id"):
            title = "".join(part.content for part in after.children or [])
            headings.append(Heading(str(token.attrGet("id")), title, int(token.tag[1])))
    for before, token, after in _neighbours(state.tokens):
        if token.type == "softbreak" and _are_wide(before, after):
            token.type, token.content = "text", ""
        elif token.type == "link_open":
            token.attrSet("href", resolve_link(str(token.attrGet("href"))))
        elif token.type == "image":
            token.attrSet("src", resolve_picture(str(token.attrGet("src"))))
            token.attrSet("loading", "lazy")


def _neighbours(tokens: list[Token]) -> Iterator[tuple[Token | None, Token, Token | None]]:
    for block in tokens:
        if parts := block.children:
            yield from zip([None, *parts[:-1]], parts, [*parts[1:], None], strict=True)


def _are_wide(before: Token | None, after: Token | None) -> bool:
    first, last = before.content[-1:] if before else "", after.content[:1] if after else ""
    return bool(WIDE.match(first) and WIDE.match(last))
