"""Reads of what lies on staff's desk: orders in doubt, what they may cost, and what came too late."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, DecimalField, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Now

from generation.models import DeskEntry, Event, LateOutput, Task
from generation.states import AttemptState
from genhub.lib.prepared import PreparedCount

# What came too late is shown for so long.
LATE_SHOWN = timedelta(days=30)
USD = DecimalField(max_digits=14, decimal_places=6)
IN_DOUBT = Q(state=AttemptState.UNKNOWN)
ON_DESK = IN_DOUBT | Q(late_at__gt=Now() - LATE_SHOWN)

# How many orders wait for somebody to look after them.
DOUBTS: Final = PreparedCount(lambda: DeskEntry.objects.filter(IN_DOUBT))


def list_booked(age: timedelta) -> QuerySet[Event]:
    """Return the ends, of the last hours, whose costs were booked without an answer."""
    kind = Event.Kind.FAILED
    rows = Event.objects.filter(created_at__gt=Now() - age, kind=kind, data__has_key="exposure_usd")
    return rows.order_by()


def view_desk(age: timedelta) -> dict[str, Any]:
    """Return how many orders are in doubt and what they may cost; and of the last hours, what was booked of those whose
    time ran out, and how many came too late."""
    doubts = DeskEntry.objects.filter(IN_DOUBT).order_by()
    cost = Cast(KeyTextTransform("exposure_usd", "data"), USD)
    ended = list_booked(age).aggregate(count=Count("pk"), usd=Sum(cost, default=Decimal(0)))
    return {
        **doubts.aggregate(count=Count("pk"), usd=Sum("dearest_usd", default=Decimal(0))),
        "ended": ended["count"],
        "ended_usd": ended["usd"],
        "late": DeskEntry.objects.filter(late_at__gt=Now() - age).count(),
    }


def list_late_outputs(task: Task) -> QuerySet[LateOutput]:
    """Return the pictures of a task that came too late."""
    return LateOutput.objects.filter(attempt__task=task).select_related("artifact", "attempt")
