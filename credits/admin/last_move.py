"""What people see of a purse before they give or take: the last grant or correction, and what waits for approval."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from credits.giving import find_waiting_of
from credits.last_moves import find_last
from credits.models import Purse, Transfer
from credits.selectors import sum_given_alone
from genhub.admin.show import moment
from genhub.users.alone import ALONE_FOR


def facts_of(purse: Purse) -> dict[str, Any]:
    """Return what people see before they give or take credits, or decide about it."""
    return {
        gettext("Available now"): purse.available,
        gettext("Held now"): purse.held,
        gettext("Last grant or correction"): word_move(find_last(purse)),
        gettext("Waits for approval"): word_waiting(purse),
    }


def facts_for(request: HttpRequest, purse: Purse) -> dict[str, Any]:
    """Return the same for a person who may move credits, and how much of that was moved alone."""
    alone = sum_given_alone(request.user.pk or 0, ALONE_FOR)
    words = {"alone": alone, "limit": settings.GRANT_APPROVAL_ABOVE}
    told = gettext("%(alone)s of %(limit)s") % words
    return facts_of(purse) | {gettext("You gave and took alone in 24 hours"): told}


def word_rule() -> str:
    """Return when a second person must approve."""
    limit = settings.GRANT_APPROVAL_ABOVE
    if not limit:
        return gettext("Nothing moves before a second person has approved it.")
    return gettext(
        "It moves at once, unless with it all that you gave and took alone within 24 hours exceeds %(limit)s credits: "
        "then a second person must approve it first."
    ) % {"limit": limit}


def word_move(move: Transfer | None) -> str:
    """Return a move in words: how much, when, by whom and why."""
    if move is None:
        return "–"
    amount = move.amount if move.target == "available" else -move.amount
    return f"{amount:+d} · {moment(move.created_at)} · {move.actor} · {move.reason}"


def word_waiting(purse: Purse) -> SafeString | str:
    """Return what waits for a second person: how much, since when, by whom and why."""
    lines = [
        (f"{row.amount:+d}", moment(row.created_at), row.requested_by, row.reason)
        for row in find_waiting_of(purse)
    ]
    return format_html_join(mark_safe("<br>"), "{} · {} · {} · {}", lines) if lines else "–"
