"""Reads of what clients are told of tasks; in the order of the events' places."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from generation.models import Attempt, Event, Task
from generation.models.event import PLACING
from generation.states import ATTEMPT_LIVE, TASK_ENDS, TaskState

Kind = Event.Kind
# What clients are told, and by which name; the other steps are the hub's own.
NAMES: Final = {
    Kind.SUBMITTED: "task.submitted",
    Kind.CLAIMED: "task.processing",
    Kind.RETRIED: "task.retried",
    Kind.STEP_DONE: "task.step_done",
    Kind.COMPLETED: "task.completed",
    Kind.FAILED: "task.failed",
    Kind.CANCELED: "task.canceled",
    Kind.REFUNDED: "task.refunded",
}
ENDS: Final = frozenset({Kind.COMPLETED, Kind.FAILED, Kind.CANCELED})
# What the sequence gave last is committed unless somebody is giving: they hold the lock until then.
NEWEST: Final = """
    SELECT greatest((SELECT max(position) FROM generation_event),
                    CASE WHEN pg_try_advisory_xact_lock_shared(%s)
                         THEN (SELECT last_value FROM generation_event_position WHERE is_called) END, 0)
"""
PAGE = 100
# Places that one read of an owner's events goes through at most: it passes over other owners' rows.
STRETCH = 5000


@dataclass(frozen=True)
class Told:
    """One event that a client is told of."""

    position: int
    kind: str
    task_id: uuid.UUID
    platform_id: uuid.UUID
    user: str
    at: datetime

    @property
    def name(self) -> str:
        """Return how clients call it."""
        return NAMES[Kind(self.kind)]

    @property
    def is_end(self) -> bool:
        """Return whether nothing more becomes of its task."""
        return self.kind in ENDS


def read_from(rows: QuerySet[Event], number: int) -> list[Told]:
    """Return the first of some events."""
    columns = ("position", "kind", "task_id", "task__platform_id", "task__user", "created_at")
    found = rows.filter(kind__in=NAMES).order_by("position")
    return [Told(*row) for row in found.values_list(*columns)[:number]]


def read_after(position: int, upto: int) -> list[Told]:
    """Return all owners' events between two places."""
    return read_from(Event.objects.filter(position__gt=position, position__lte=upto), STRETCH)


def read_of_task(task_id: uuid.UUID, position: int) -> list[Told]:
    """Return the next of one task's events."""
    return read_from(Event.objects.filter(task_id=task_id, position__gt=max(position, 0)), PAGE)


def read_of_owner(
    platform_id: uuid.UUID, user: str | None, position: int, *, upto: int
) -> tuple[list[Told], int]:
    """Return the next of an owner's events, and how far was looked."""
    end = min(position + STRETCH, upto)
    rows = Event.objects.filter(
        position__gt=position, position__lte=end, task__platform_id=platform_id
    )
    if user is not None:
        rows = rows.filter(task__user=user)
    found = read_from(rows, PAGE)
    return found, found[-1].position if len(found) == PAGE else end


def keeps_all_after(position: int) -> bool:
    """Return whether nothing after a place was swept; only what is old is, but some of that stays.

    So all after a young event are there, and all from a young one on that was the next. A place that has neither is
    old, or none of this hub.
    """
    if position == newest_position():
        return True
    rows = Event.objects.filter(position__in=[position, position + 1])
    if days := settings.KEEP_DAYS["events"]:
        rows = rows.filter(created_at__gt=Now() - timedelta(days=days))
    return rows.exists()


def newest_position() -> int:
    """Return the newest place, be its event swept or not; 0 before the first.

    Waits for nobody: while a place is being given, that of the newest event that is there.
    """
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [PLACING])
        found: int = cursor.fetchone()[0]
    return found


def tells_end_after(task_id: uuid.UUID, position: int) -> bool:
    """Return whether a task's end is told after a place, or has none yet and so will be."""
    ends = Event.objects.filter(task_id=task_id, kind__in=ENDS)
    return ends.filter(Q(position=None) | Q(position__gt=max(position, 0))).exists()


def find_ended(task_ids: Iterable[str]) -> list[str]:
    """Return those of the tasks that have ended."""
    ended = Task.objects.filter(pk__in=list(task_ids), state__in=TASK_ENDS)
    return [str(task_id) for task_id in ended.values_list("pk", flat=True)]


def read_progress(
    task_ids: Iterable[str], *, of_tasks: frozenset[uuid.UUID], of_platforms: frozenset[uuid.UUID]
) -> list[Mapping[str, Any]]:
    """Return how far those of the tasks are that somebody follows."""
    followed = Q(task_id__in=of_tasks) | Q(task__platform_id__in=of_platforms)
    attempts = Attempt.objects.filter(
        followed,
        task_id__in=list(task_ids),
        state__in=ATTEMPT_LIVE,
        task__state=TaskState.PROCESSING,
    )
    columns = (
        "task_id",
        "task__platform_id",
        "task__user",
        "progress",
        "preview",
        "task__step",
        "task__chain",
    )
    return [*attempts.values(*columns)]
