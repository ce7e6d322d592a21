"""Terms in texts: one matcher for all of them, made anew when somebody changed the list."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from generation.models import Term, TermsChange
from generation.moderation.folding import BEGINS, ENDS, fold, list_views, mark_words
from genhub.lib.remembered import Remembered, Table

# Of a term, what is looked up first: of whole words the mark and a letter.
HEAD: Final = 3
# Of one text: whoever reads them knows enough.
MOST_FOUND: Final = 5


@dataclass(frozen=True)
class Known:
    """A term as it is told of."""

    term_id: int
    text: str
    category: str


def key_of(text: str, kind: str) -> str:
    """Return a term as it stands in a text whose words are marked; empty for one without letters."""
    marked = mark_words(fold(text))
    return marked.strip(BEGINS + ENDS) if kind == Term.Kind.PHRASE else marked


class Index:
    """Finds texts at any place of another by looking up what begins there: neither the number of texts nor what a text
    looks like makes it slow, as they make an automaton of a hundred thousand terms."""

    def __init__(self, texts: Collection[str]) -> None:
        self.texts = frozenset(texts)
        lengths: dict[str, set[int]] = {}
        for text in self.texts:
            lengths.setdefault(text[:HEAD], set()).add(len(text))
        # By how they begin, the lengths of the texts that do, longest first.
        self.lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}

    def list_in(self, view: str) -> Iterator[tuple[int, str]]:
        """Yield, where any of the texts begins, the place and the longest of them."""
        for place in range(len(view)):
            if found := self._longest_at(view, place):
                yield place, found

    def _longest_at(self, view: str, place: int) -> str:
        # Of texts that are shorter than their heads could be, the head is the text.
        for size in range(HEAD, 0, -1):
            for length in self.lengths.get(view[place : place + size], ()):
                if (text := view[place : place + length]) in self.texts:
                    return text
        return ""


class Matcher:
    """Finds what is refused in a text, but for where it is part of what is not."""

    def __init__(self, rows: Iterable[Term]) -> None:
        self.known: dict[str, Known] = {}
        allowed = set()
        for row in rows:
            key = key_of(row.text, row.kind)
            if not key:
                continue
            if row.kind == Term.Kind.ALLOW:
                allowed.add(key)
            else:
                self.known[key] = Known(row.pk, row.text, row.category)
        self.refused, self.allowed = Index(self.known), Index(allowed)

    def find(self, text: str) -> list[Known]:
        """Return the first terms in a text, however they are disguised, each once."""
        found: dict[int, Known] = {}
        for view in list_views(text) if self.known else ():
            for known in self._list_in(view):
                found[known.term_id] = known
                if len(found) >= MOST_FOUND:
                    return list(found.values())
        return list(found.values())

    def _list_in(self, view: str) -> Iterator[Known]:
        hits = list(self.refused.list_in(view))
        spans = (
            [(place, place + len(text)) for place, text in self.allowed.list_in(view)]
            if hits
            else []
        )
        # How far the texts reach that are allowed and have begun by now.
        allowed, reach = iter(spans), 0
        following = next(allowed, None)
        for place, text in hits:
            while following and following[0] <= place:
                reach, following = max(reach, following[1]), next(allowed, None)
            if place + len(text) > reach:
                yield self.known[text]


def read_matcher() -> Matcher:
    """Return a matcher of the terms that are active now."""
    return Matcher(Term.objects.filter(is_active=True).order_by("pk"))


MATCHER = Remembered(read_matcher, [Table(TermsChange)])


def find_terms(text: str) -> list[Known]:
    """Return the terms in a text, by the list as it stands now."""
    return MATCHER.get().find(text)
