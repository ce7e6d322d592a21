"""The last grant or correction of a purse: who gives or takes has seen it, so that no two people mend one mistake."""

from typing import Any

from credits.models import Kind, Purse, Transfer
from genhub.lib.errors import SeenChanged
from genhub.lib.seen import changed_since, mark

BY_PEOPLE = (Kind.GRANT, Kind.ADJUST)


def find_last(purse: Purse) -> Transfer | None:
    """Return the last grant or correction of a purse."""
    moves = Transfer.objects.filter(purse=purse, kind__in=BY_PEOPLE)
    return moves.order_by("-purse_version").first()


def seen_of(purse: Purse) -> str:
    """Return the mark of what a page shows of the last move."""
    return mark(shown_of(purse))


def check_seen(purse: Purse, seen: str) -> None:
    """Raise SeenChanged when there was another move since a page with this mark; without a mark there was no page."""
    if seen and changed_since(seen, shown_of(purse)):
        raise SeenChanged


def shown_of(purse: Purse) -> dict[str, Any]:
    """Return what the page shows of the last move."""
    last = find_last(purse)
    return {"last": last.pk if last else None}
