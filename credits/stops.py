"""Users whom staff stop and allow again. The mark stands at the purse, whose row every order moves or locks: an order
that is being taken at that moment is either in before the stop, and seen by it, or refused."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from credits.errors import NotStopped, StoppedBefore
from credits.models import Purse, Stop
from credits.moves import lock


@transaction.atomic
def stop(purse_id: uuid.UUID, *, reason: str, person: Any) -> Stop:
    """Refuse all new orders of a purse's user; raise StoppedBefore when they are refused already."""
    if lock(purse_id).stopped_at:
        raise StoppedBefore
    Purse.objects.filter(pk=purse_id).update(stopped_at=Now())
    return Stop.objects.create(purse_id=purse_id, reason=reason, stopped_by=person)


@transaction.atomic
def allow(purse_id: uuid.UUID, *, reason: str, person: Any) -> Stop:
    """Let a purse's user order again; raise NotStopped when nobody stopped them."""
    lock(purse_id)
    row = Stop.objects.filter(purse_id=purse_id, allowed_at=None).first()
    if row is None:
        raise NotStopped
    Purse.objects.filter(pk=purse_id).update(stopped_at=None)
    row.allowed_by, row.allowed_why = person, reason
    Stop.objects.filter(pk=row.pk).update(allowed_at=Now(), allowed_by=person, allowed_why=reason)
    return row


def find_stops(purse_id: uuid.UUID) -> QuerySet[Stop]:
    """Return how often a purse's user was stopped, the newest first."""
    rows = Stop.objects.filter(purse_id=purse_id)
    return rows.select_related("stopped_by", "allowed_by").order_by("-pk")
