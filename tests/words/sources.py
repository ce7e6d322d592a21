"""Reads what the catalogue must hold: marked words in sources and templates, and entries of a .po file; no gettext
tools needed."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
OURS = ("genhub", "generation", "credits", "storage", "templates")
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
# What templatize makes of {% translate "…" %}, {% blocktranslate %} and _("…").
IN_TEMPLATE = re.compile(r"""\b(?:n?gettext|_)\(u?((['"]).*?(?<!\\)\2)""", re.DOTALL)
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
FIELD = re.compile(
    r'^(msgctxt|msgid|msgid_plural|msgstr(?:\[0\])?) ((?:"(?:[^"\\]|\\.)*"\n?)+)', re.M
)


@dataclass(frozen=True)
class Entry:
    """One entry of a .po file."""

    words: str
    translation: str
    is_fuzzy: bool


def read_catalogue(path: Path) -> list[Entry]:
    """Return the entries without the header; entries that are kept as obsolete have no field and so do not count."""
    entries = []
    for block in path.read_text("utf-8").split("\n\n"):
        fields = {name: unquote(text) for name, text in FIELD.findall(block + "\n")}
        assert "msgctxt" not in fields, "the reader knows no contexts yet"
        if fields.get("msgid"):
            translation = fields.get("msgstr", fields.get("msgstr[0]", ""))
            is_fuzzy = re.search(r"^#,.*fuzzy", block, re.M) is not None
            entries.append(Entry(fields["msgid"], translation, is_fuzzy))
    return entries


def unquote(text: str) -> str:
    """Return the text of a .po string that may run over several lines."""
    return "".join(ast.literal_eval(line) for line in text.strip().split("\n"))


def marked_words(folder: Path) -> set[str]:
    """Return every marked word below a folder."""
    return {word for path in folder.rglob("*.py") for word in words_of_python(path)} | {
        word for path in folder.rglob("*.html") for word in words_of_template(path)
    }


def words_of_python(path: Path) -> Iterator[str]:
    """Yield the literal first argument of each call of a marker."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id in MARKERS and isinstance(first, ast.Constant):
                assert isinstance(first.value, str), f"{path}: {first.value!r} is marked"
                yield first.value


def words_of_template(path: Path) -> Iterator[str]:
    """Yield each word that a template translates."""
    for match in IN_TEMPLATE.finditer(templatize(path.read_text("utf-8"))):
        yield ast.literal_eval(match[1].replace("\n", "\\n"))


def places(text: str) -> list[str]:
    """Return the places of a text that values are put into."""
    return sorted(PLACES.findall(text))
