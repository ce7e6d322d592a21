"""Reads of what happened and of how things stand, for who measures the hub."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, F, Min

from generation.models import Attempt, Event
from generation.states import ATTEMPT_ENDS, AttemptState
from genhub.lib.clock import NOW

Kind = Event.Kind
# Events with which an attempt may have ended.
ENDINGS: Final = frozenset(
    {Kind.COMPLETED, Kind.FAILED, Kind.CANCELED, Kind.RETRIED, Kind.ABANDONED, Kind.HANDED_BACK}
)
ORDER: Final = ("task__model", "task__spec__width", "task__spec__height")
COUNTED: Final = frozenset({Kind.SUBMITTED, Kind.CLAIMED, Kind.REFUNDED, *ENDINGS})


@dataclass(frozen=True)
class Happened:
    """One event, and what is counted of its task as that is now: how long ago it was ordered, its size in pixels, where
    its pictures were found."""

    kind: str
    data: Mapping[str, Any]
    task_id: uuid.UUID
    model: str
    size: str
    took: timedelta
    found_id: uuid.UUID | None
    error_code: str
    attempt_id: uuid.UUID | None


@dataclass(frozen=True)
class Call:
    """One attempt that was begun and has ended; None: nobody knows. Its steps are those of all its pictures."""

    provider: str
    model: str
    size: str
    state: str
    error_code: str
    took: timedelta
    batch_size: int
    stages: Mapping[str, float | None]
    usd: Decimal | None
    usage: Mapping[str, Any]
    steps: int


def read_happened(after: int, upto: int) -> list[Happened]:
    """Return what is counted of the events between two places, in their order."""
    rows = Event.objects.filter(position__gt=after, position__lte=upto, kind__in=COUNTED)
    rows = rows.annotate(took=F("created_at") - F("task__created_at"))
    columns = (
        "kind", "data", "task_id", *ORDER, "took", "task__cached_from_id", "task__error_code", "attempt_id",
    )  # fmt: skip
    found = rows.order_by("position").values_list(*columns)
    return [
        Happened(kind, data, task_id, model, f"{width}x{height}", *rest)
        for kind, data, task_id, model, width, height, *rest in found
    ]


def read_calls(happened: Iterable[Happened]) -> Iterator[Call]:
    """Yield the attempts that ended with these events, each once.

    An order that ends unpaid names no attempt in its event: its last one ended with it.
    """
    endings = [each for each in happened if each.kind in ENDINGS and not each.found_id]
    named = {each.attempt_id for each in endings if each.attempt_id}
    unpaid = {each.task_id for each in endings if each.attempt_id is None}
    newest = Attempt.objects.filter(task_id__in=unpaid).order_by("task_id", "-number")
    last = newest.distinct("task_id").values_list("pk", flat=True)
    rows = Attempt.objects.filter(
        pk__in={*named, *last}, state__in=ATTEMPT_ENDS, started_at__isnull=False
    )
    rows = rows.annotate(took=F("ended_at") - F("started_at"))
    columns = (
        "account__alias", *ORDER, "state", "error_code", "took", "batch_size", "timings", "cost_usd", "usage",
        "task__spec__steps", "task__spec__number",
    )  # fmt: skip
    for provider, model, width, height, *rest, steps, number in rows.values_list(*columns):
        rest.append((steps or 0) * (number or 1))
        yield Call(provider, model, f"{width}x{height}", *rest)


def read_waiting() -> list[tuple[str, int, timedelta]]:
    """Return of each queue in which orders wait their number, and the oldest one's age."""
    rows = Attempt.objects.filter(state=AttemptState.QUEUED).values("share__queue")
    found = rows.annotate(number=Count("pk"), age=NOW - Min("task__created_at"))
    return list(found.values_list("share__queue", "number", "age"))


def count_under_way() -> dict[tuple[str, str], int]:
    """Return how many attempts of each provider run, wait for it, or may be there: by alias and state."""
    states = [AttemptState.RUNNING, AttemptState.WAITING, AttemptState.UNKNOWN]
    rows = Attempt.objects.filter(state__in=states).values("account__alias", "state")
    found = rows.annotate(number=Count("pk")).values_list("account__alias", "state", "number")
    return {(provider, state): number for provider, state, number in found}
