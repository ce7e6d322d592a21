"""Claim, heartbeat, fence: who works on an attempt, proved by a token that every write carries."""

import datetime
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from generation import events
from generation.models import Attempt, Event, Share, Task
from generation.spec import GenerationSpec
from generation.states import AttemptState, TaskState

# The share first (one index scan, however many rows wait behind it), then its oldest due row. SKIP LOCKED on both:
# a claim never waits, so it can be part of no deadlock. statement_timestamp() is what Django's Now() means, too.
CLAIM = """
    WITH share AS (
        SELECT s.id
          FROM generation_share s
         WHERE s.queue = %(queue)s AND s.waiting > 0 AND (s.cap IS NULL OR s.running < s.cap)
           AND EXISTS (SELECT 1 FROM generation_attempt d
                        WHERE d.share_id = s.id AND d.state = 'queued' AND d.run_at <= statement_timestamp())
         ORDER BY s.priority, s.virtual_start, s.id
         LIMIT 1
           FOR UPDATE OF s SKIP LOCKED
    ), due AS (
        SELECT a.id
          FROM generation_attempt a
          JOIN share ON share.id = a.share_id
          JOIN generation_task t ON t.id = a.task_id
         WHERE a.state = 'queued' AND a.run_at <= statement_timestamp() AND t.state IN ('pending', 'processing')
         ORDER BY a.run_at, a.id
         LIMIT 1
           FOR UPDATE OF a, t SKIP LOCKED
    )
    UPDATE generation_attempt a
       SET state = 'running', lease_token = a.lease_token + 1, worker = %(worker)s,
           lease_expires_at = statement_timestamp() + make_interval(secs => %(lease)s), started_at = statement_timestamp()
      FROM due
     WHERE a.id = due.id
 RETURNING a.id
"""


class LeaseLost(Exception):
    """The attempt is no longer this worker's: stop, discard, write nothing."""


@dataclass(frozen=True)
class Claim:
    """An attempt that this worker holds while its token is the newest."""

    attempt_id: uuid.UUID
    task_id: uuid.UUID
    token: int
    adapter: str
    card: dict[str, Any]
    spec: GenerationSpec
    owner_id: uuid.UUID
    day: datetime.date


def claim_next(queue: str, *, worker: str) -> Claim | None:
    """Take the best due attempt of a queue: priority first, then fair share, then age; None when none is due."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                CLAIM, {"queue": queue, "worker": worker, "lease": settings.LEASE_SECONDS}
            )
            row = cursor.fetchone()
        if row is None:
            return None
        attempt = Attempt.objects.select_related("task", "provider", "share").get(pk=row[0])
        Task.objects.filter(pk=attempt.task_id).update(
            state=TaskState.PROCESSING, started_at=Coalesce("started_at", Now())
        )
        events.record(attempt.task_id, Event.Kind.CLAIMED, attempt_id=attempt.pk, worker=worker)
    return Claim(
        attempt_id=attempt.pk,
        task_id=attempt.task_id,
        token=attempt.lease_token,
        adapter=attempt.provider.adapter,
        card=attempt.provider.cards.get(attempt.task.model, {}),
        spec=GenerationSpec.from_json(attempt.task.spec),
        owner_id=attempt.share.platform_id,
        day=attempt.created_at.date(),
    )


def lease() -> timedelta:
    """Return how long a claim lasts without a heartbeat."""
    return timedelta(seconds=settings.LEASE_SECONDS)


def fenced(claim: Claim) -> QuerySet[Attempt]:
    """Return the attempt's row if it is still this claim's, else no row: the start of every later write."""
    return Attempt.objects.filter(
        pk=claim.attempt_id, lease_token=claim.token, state=AttemptState.RUNNING
    )


def heartbeat(claim: Claim, *, progress: float | None = None) -> None:
    """Renew the lease and note the progress (0 to 1); raise LeaseLost when the attempt is no longer ours."""
    values: dict[str, Any] = {"lease_expires_at": Now() + lease()}
    if progress is not None:
        values["progress"] = progress
    if not fenced(claim).update(**values):
        raise LeaseLost


def end_attempt(claim: Claim, state: AttemptState, **values: Any) -> None:
    """End the attempt under its fence; raise LeaseLost when it is no longer ours."""
    if not fenced(claim).update(state=state, ended_at=Now(), lease_expires_at=None, **values):
        raise LeaseLost


def count_ends(task_id: uuid.UUID, state: AttemptState) -> int:
    """Return how many attempts of a task ended so."""
    return Attempt.objects.filter(task_id=task_id, state=state).count()


def queue_again(attempt: Attempt, *, delay_seconds: float = 0) -> Attempt:
    """Queue the next attempt of a task after this one ended: at the same place of the queue, or after a delay."""
    return Attempt.objects.create(
        task_id=attempt.task_id,
        number=attempt.number + 1,
        provider_id=attempt.provider_id,
        share_id=attempt.share_id,
        cost=attempt.cost,
        run_at=Now() + timedelta(seconds=delay_seconds) if delay_seconds else attempt.run_at,
    )


def list_waiting_queues() -> list[str]:
    """Return the queues in which anything waits, due or not."""
    waiting = Share.objects.filter(waiting__gt=0).order_by("queue")
    return list(waiting.values_list("queue", flat=True).distinct())


def is_due(queue: str) -> bool:
    """Return whether a due row waits in a queue: a claim that found none may only have met another claim."""
    due = Attempt.objects.filter(state=AttemptState.QUEUED, run_at__lte=Now())
    return due.filter(share__queue=queue, share__waiting__gt=0).exists()
