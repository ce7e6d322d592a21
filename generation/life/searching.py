"""When orders in doubt are looked for at vendors that list what they have, and which of those is surely the lost one.

Only an order of the very same prompt, made while the lost one was under way, that no other attempt has, and the only
such one, is taken without a person: a wrong one would give one customer another one's picture.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from generation.accounts.adapters import can_find_lost
from generation.models import Account, Attempt, Event
from generation.providers.base import Found
from generation.states import AttemptState
from genhub.lib.ids import oldest_id

# A vendor lists an order a moment after it took it; who looks in vain looks after three times as long.
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 5.0, 3600.0
# How far the vendor's clock may be from ours.
SKEW = timedelta(seconds=60)
# More than these nobody reads.
MOST_SUGGESTED = 10
# Whoever may have the same order was sent since then; older ones are not read.
LONGEST_DOUBT = timedelta(days=30)


@dataclass(frozen=True)
class Suggestion:
    """An order at the vendor that may be the lost one, as it is kept and shown. `is_taken`: another attempt has it."""

    remote_id: str
    state: str
    created_at: str = ""
    is_same_prompt: bool | None = None
    is_in_time: bool | None = None
    is_taken: bool = False

    @property
    def is_sure(self) -> bool:
        """Return whether it can be no other order's."""
        return bool(self.is_same_prompt and self.is_in_time and not self.is_taken)

    def to_json(self) -> dict[str, Any]:
        """Return it as its column has it."""
        return asdict(self)


def first_look(account: Account) -> Any:
    """Return when an order that was just lost is looked for, as a column's value; None where its vendor lists none."""
    return Now() + timedelta(seconds=FIRST_LOOK_SECONDS) if can_find_lost(account) else None


def list_due() -> QuerySet[Attempt]:
    """Return the orders in doubt that are to be looked for."""
    return Attempt.objects.filter(state=AttemptState.UNKNOWN, look_at__lte=Now())


@transaction.atomic
def claim_look(queue: str) -> Attempt | None:
    """Take an order of a queue that is to be looked for, and say when the next look is; None when there is none."""
    due = list_due().filter(share__queue=queue).order_by("look_at")
    found = due.select_for_update(of=("self",), skip_locked=True)
    attempt = found.select_related("account", "key", "task").first()
    if attempt:
        pause = timedelta(seconds=pause_after(attempt.looks + 1))
        Attempt.objects.filter(pk=attempt.pk).update(look_at=Now() + pause, looks=F("looks") + 1)
    return attempt


def pause_after(looks: int) -> float:
    """Return the seconds from a look to the next, after so many in vain."""
    return min(FIRST_LOOK_SECONDS * 3.0 ** min(looks, 10), LONGEST_LOOK_SECONDS)


def lost_between(attempt: Attempt) -> tuple[datetime, datetime]:
    """Return from when until when an order in doubt may have come to its vendor."""
    began = attempt.sending_at or attempt.created_at
    doubts = Event.objects.filter(attempt=attempt, kind=Event.Kind.UNKNOWN)
    ended = doubts.order_by("id").values_list("created_at", flat=True).first()
    return began, ended or began


def suggest(attempt: Attempt, found: Sequence[Found]) -> list[Suggestion]:
    """Return what a vendor found for an order in doubt, with what the hub itself knows of each."""
    began, ended = lost_between(attempt)
    return [
        Suggestion(
            one.remote_id,
            one.state,
            one.created_at.isoformat() if one.created_at else "",
            one.is_same_prompt,
            began - SKEW <= one.created_at <= ended + SKEW if one.created_at else None,
            is_taken(attempt, one.remote_id),
        )
        for one in found[:MOST_SUGGESTED]
    ]


def is_taken(attempt: Attempt, remote_id: str) -> bool:
    """Return whether another attempt at the same account has an order; one of several calls has several ids."""
    recent = Attempt.objects.filter(pk__gte=oldest_id(LONGEST_DOUBT), account=attempt.account_id)
    return recent.filter(remote_id__contains=remote_id).exclude(pk=attempt.pk).exists()


def sole(suggestions: Sequence[Suggestion]) -> Suggestion | None:
    """Return the one that is surely the lost order, or None."""
    sure = [one for one in suggestions if one.is_sure]
    return sure[0] if len(sure) == 1 else None
