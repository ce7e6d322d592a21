"""Reads of the live queue: what is drawn now, and by whom; what waits, in the order in which it came."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q
from django.db.models.functions import Now

from generation.models import Account, Attempt, Queue, QueueChange, Worker
from generation.models.worker import GONE_AFTER_SECONDS
from generation.states import AttemptState

# At work and shown; a hub with more has a line that says so.
MOST_RUNNING = 60
PAGE = 25
CHANGES = 12


@dataclass(frozen=True)
class After:
    """The last order of the page before."""

    run_at: datetime
    attempt_id: uuid.UUID


def list_running() -> list[Attempt]:
    """Return what workers have in hand, the oldest first, one more than is shown; with all that a page tells of it."""
    running = Attempt.objects.filter(state=AttemptState.RUNNING)
    rows = running.select_related("task__platform", "share", "account").order_by("started_at", "id")
    return list(rows[: MOST_RUNNING + 1])


def list_waiting(after: After | None = None) -> list[Attempt]:
    """Return a page of what waits in any queue, in the order in which it came, and one more when there is more."""
    waiting = Attempt.objects.filter(state=AttemptState.QUEUED)
    if after:
        waiting = waiting.filter(run_at__gte=after.run_at).exclude(
            run_at=after.run_at, id__lte=after.attempt_id
        )
    rows = waiting.select_related("task__platform", "share", "account")
    return list(rows.defer("preview").order_by("run_at", "id")[: PAGE + 1])


def read_states() -> dict[str, Queue]:
    """Return the queues that somebody held up once, by name."""
    return Queue.objects.in_bulk()


def list_changes(queue: str = "") -> list[QueueChange]:
    """Return the newest changes, of one queue or of all."""
    changes = QueueChange.objects.filter(queue=queue) if queue else QueueChange.objects.all()
    return list(changes.order_by("-id")[:CHANGES])


def list_accounts() -> list[Any]:
    """Return the accounts that are switched on, each with the database's `now` and the names of the models that the
    breaker switched off, `broken`; by queue and name."""
    off = Q(offers__broken_at__isnull=False, offers__is_enabled=False)
    broken = ArrayAgg("offers__alias", filter=off, default=[])
    enabled = Account.objects.filter(is_enabled=True).annotate(now=Now(), broken=broken)
    return list(enabled.order_by("queue", "alias"))


def list_workers() -> list[Any]:
    """Return all workers that did not take leave, each with the database's `now`, by name."""
    return list(Worker.objects.annotate(now=Now()).order_by("name"))


def is_live(worker: Any) -> bool:
    """Return whether a worker of `list_workers` gave a sign of life lately."""
    return bool((worker.now - worker.beat_at).total_seconds() < GONE_AFTER_SECONDS)


def by_process(running: Iterable[Attempt]) -> Mapping[str, list[Attempt]]:
    """Return attempts by the process that has them: what stands before the thread's name in `worker`."""
    found: dict[str, list[Attempt]] = {}
    for attempt in running:
        process = ":".join(attempt.worker.split(":", 2)[:2])
        found.setdefault(process, []).append(attempt)
    return found
