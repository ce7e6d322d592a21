"""Filling the list of terms: what every hub starts with, and files that staff bring."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from generation.models import Term
from generation.models.term import LONGEST_TERM, Category, Language
from generation.moderation.folding import UNSPACED, fold
from generation.moderation.start_terms import TERMS
from generation.moderation.terms import key_of

# A line that begins so is a comment, or names what is never refused.
COMMENT, ALLOWS = "#", "!"
HAS_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True)
class Loaded:
    """What a file brought: how many terms are new, how many were there, and the numbers of lines that are none."""

    new: int
    known: int
    refused: tuple[int, ...]


def seed_terms() -> int:
    """Create the first terms where there are none, and return how many: what staff took away does not come back."""
    if Term.objects.exists():
        return 0
    rows = [
        Term(language=language, kind=kind, category=category, text=text)
        for (language, kind), by_category in TERMS.items()
        for category, texts in by_category.items()
        for text in texts
    ]
    return len(Term.objects.bulk_create(rows))


def load_lines(
    lines: Iterable[str], *, language: Language, category: Category, kind: Term.Kind | None = None
) -> Loaded:
    """Add the terms of lines, one a line; “#” begins a comment, “!” a text that is never refused.

    Without a kind, terms are found anywhere where they hold Chinese or another script without spaces, else as whole
    words. What the list has, in whatever spelling, stays as it is.
    """
    known = {
        (key_of(row.text, row.kind), row.kind == Term.Kind.ALLOW) for row in Term.objects.all()
    }
    rows, refused, found = list[Term](), list[int](), 0
    for number, line in enumerate(lines, 1):
        text = unicodedata.normalize("NFC", line.strip().strip("\ufeff").strip())
        if not text or text.startswith(COMMENT):
            continue
        is_allowed = text.startswith(ALLOWS)
        text = text.removeprefix(ALLOWS).strip()
        own = Term.Kind.ALLOW if is_allowed else kind or kind_of(text)
        key = (key_of(text, own), is_allowed)
        if not key[0] or len(text) > LONGEST_TERM or "\0" in text:
            refused.append(number)
        elif key in known:
            found += 1
        else:
            known.add(key)
            rows.append(Term(language=language, category=category, kind=own, text=text))
    Term.objects.bulk_create(rows, batch_size=1000)
    return Loaded(len(rows), found, tuple(refused))


def kind_of(text: str) -> Term.Kind:
    """Return how a term is looked for whose file does not say it."""
    return Term.Kind.PHRASE if HAS_UNSPACED.search(fold(text)) else Term.Kind.WORD
