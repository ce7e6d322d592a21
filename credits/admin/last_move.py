"""The last grant or correction of a purse: whoever gives or takes sees it, so that no two people mend one mistake."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from credits.models import Kind, Purse, Transfer
from credits.moves import lock
from genhub.admin.show import moment
from genhub.lib.errors import SeenChanged
from genhub.lib.seen import changed_since, mark

BY_PEOPLE = (Kind.GRANT, Kind.ADJUST)


@contextmanager
def as_seen(purse: Purse, words: Mapping[str, Any]) -> Iterator[str]:
    """Hold a purse and give the key of a form's move; raise SeenChanged when there was another since the page."""
    key = f"staff:{words['once']}"
    with transaction.atomic():
        lock(purse.pk)
        if words["seen"] and changed_since(words["seen"], shown_of(purse, but=key)):
            raise SeenChanged
        yield key


def seen_of(purse: Purse) -> str:
    """Return the mark of what the page shows of the last move."""
    return mark(shown_of(purse))


def shown_of(purse: Purse, but: str = "") -> dict[str, Any]:
    """Return the last move but for the one of a key, which a double click made itself."""
    last = find_last(purse, but)
    return {"last": last.pk if last else None}


def find_last(purse: Purse, but: str = "") -> Transfer | None:
    """Return the last grant or correction of a purse."""
    moves = Transfer.objects.filter(purse=purse, kind__in=BY_PEOPLE)
    own = [f"{kind}:{but}" for kind in BY_PEOPLE]
    return moves.exclude(key__in=own).order_by("-purse_version").first()


def facts_of(purse: Purse) -> dict[str, Any]:
    """Return what people see before they give or take credits."""
    return {
        gettext("Available now"): purse.available,
        gettext("Held now"): purse.held,
        gettext("Last grant or correction"): word_move(find_last(purse)),
    }


def word_move(move: Transfer | None) -> str:
    """Return a move in words: how much, when, by whom and why."""
    if move is None:
        return "–"
    amount = move.amount if move.target == "available" else -move.amount
    return f"{amount:+d} · {moment(move.created_at)} · {move.actor} · {move.reason}"
