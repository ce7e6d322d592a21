"""Reads of refunds, for staff."""

import uuid
from datetime import timedelta
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Now

from generation.models import (
    RefundBatch,
    RefundRequest,
    RefundState,
)
from genhub.lib.prepared import PreparedCount


def sum_waiting_refunds(task_ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many credits of each task staff asked to refund and nobody has moved yet; tasks without any are left
    out."""
    open_states = [RefundState.PENDING, RefundState.APPROVED]
    waiting = RefundRequest.objects.filter(task_id__in=task_ids, state__in=open_states)
    return dict(waiting.values("task_id").annotate(sum=Sum("amount")).values_list("task_id", "sum"))


def sum_refunded_alone(person_id: int, age: timedelta) -> int:
    """Return what a person refunded in the last hours, by the database's clock, without anybody's approval."""
    moving = [RefundState.DONE, RefundState.APPROVED]
    alone = RefundRequest.objects.filter(requested_by_id=person_id, decided_by=None)
    recent = alone.filter(created_at__gt=Now() - age, state__in=moving)
    return recent.aggregate(sum=Sum("amount"))["sum"] or 0


# How many refunds of single tasks wait for approval.
PENDING_REFUNDS: Final = PreparedCount(
    lambda: RefundRequest.objects.filter(state=RefundState.PENDING, batch=None)
)


def mark_batches(batches: QuerySet[Any]) -> QuerySet[Any]:
    """Return bulk refunds with `state`, that of the whole: waiting or at work while any of it is, else its end."""
    parts = RefundRequest.objects.filter(batch=OuterRef("pk")).order_by()
    # All of a bulk is rejected, or none of it.
    end = Case(
        When(Exists(parts.filter(state=RefundState.REJECTED)), then=Value(RefundState.REJECTED)),
        default=Value(RefundState.DONE),
    )
    state = Case(
        When(Exists(parts.filter(state=RefundState.PENDING)), then=Value(RefundState.PENDING)),
        When(Exists(parts.filter(state=RefundState.APPROVED)), then=Value(RefundState.APPROVED)),
        default=end,
    )
    marked: QuerySet[Any] = batches.annotate(state=state)
    return marked


# How many bulk refunds wait for approval.
PENDING_BATCHES: Final = PreparedCount(
    lambda: RefundBatch.objects.filter(
        Exists(RefundRequest.objects.filter(state=RefundState.PENDING, batch=OuterRef("pk")))
    )
)


def list_users_of(batch: RefundBatch, most: int) -> tuple[list[dict[str, Any]], int]:
    """Return the users of a bulk refund who get most (`user`, `platform`, `count`, `total`), and how many there are."""
    groups: QuerySet[Any, Any] = (
        batch.requests.order_by()
        .values("task__platform_id", user=F("task__user"), platform=F("task__platform__name"))
        .annotate(count=Count("pk"), total=Sum("amount"))
    )
    return list(groups.order_by("-total", "platform", "user")[:most]), groups.count()


def count_refunds(batch: RefundBatch) -> dict[str, tuple[int, int]]:
    """Return how many refunds of a bulk stand in each state, and their credits."""
    rows = RefundRequest.objects.filter(batch=batch).order_by().values("state")
    sums = rows.annotate(count=Count("pk"), sum=Sum("amount")).values_list("state", "count", "sum")
    found = {state: (count, total) for state, count, total in sums}
    return {state: found.get(state, (0, 0)) for state in RefundState.values}
