"""The end of a worker's attempt: delivered, worth another try, or failed. Each is one fenced transaction."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from credits import ledger
from credits.selectors import find_hold
from generation import claims, dispatch, events
from generation.claims import Claim, LeaseLost
from generation.errors import TaskFailure
from generation.models import Attempt, Event, Output, Task
from generation.providers.base import Refusal
from generation.providers.errors import ProviderError
from generation.services.ending import end_unpaid
from generation.states import TASK_LIVE, AttemptState, TaskState
from genhub.lib.errors import Problem
from storage.services import StoredPicture, record_artifact

MOST_TRIES = 3


@dataclass(frozen=True)
class Delivery:
    """What an attempt made: stored pictures with position and seed, refusals, and the facts for its row."""

    pictures: Sequence[tuple[int, int, StoredPicture]]
    refusals: Sequence[Refusal] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def complete(claim: Claim, delivery: Delivery) -> None:
    """Publish what was stored, capture its price, release the rest; raise LeaseLost and write nothing when too late.

    At least one picture must be there: an attempt that delivered none has failed.
    """
    task = Task.objects.select_for_update().get(pk=claim.task_id)
    if task.state not in TASK_LIVE:
        raise LeaseLost
    Task.objects.filter(pk=task.pk).update(state=TaskState.COMPLETED, completed_at=Now())
    if hold_id := find_hold(task.pk):
        ledger.settle(hold_id, task.unit_price * len(delivery.pictures))
    claims.end_attempt(
        claim,
        AttemptState.SUCCEEDED,
        progress=1.0,
        timings=dict(delivery.timings),
        facts=dict(delivery.facts),
    )
    for position, seed, stored in delivery.pictures:
        artifact_id = record_artifact(stored, platform_id=task.platform_id, user=task.user)
        Output.objects.create(task=task, position=position, seed=seed, artifact_id=artifact_id)
    for refusal in delivery.refusals:
        Output.objects.create(
            task=task, position=refusal.position, seed=refusal.seed, error_code=refusal.code
        )
    events.record(
        task.pk,
        Event.Kind.COMPLETED,
        attempt_id=claim.attempt_id,
        count=len(delivery.pictures),
        captured=task.unit_price * len(delivery.pictures),
    )


def fail(claim: Claim, error: ProviderError) -> TaskState:
    """Queue another attempt when the error is worth one, else fail the task; return the task's state.

    Raises LeaseLost, having written nothing, when the attempt is no longer this worker's.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update().get(pk=claim.task_id)
        attempt = Attempt.objects.get(pk=claim.attempt_id)
        retried = error.retryable and claim.number < MOST_TRIES
        claims.end_attempt(
            claim, AttemptState.FAILED, error_code=error.code, error_detail=str(error)[:4000]
        )
        if not retried:
            kind = Problem.kinds.get(error.code, TaskFailure)
            end_unpaid(task.pk, TaskState.FAILED, problem=kind())
        else:
            delay_seconds = delay(claim.number, error.retry_after_seconds)
            claims.queue_again(attempt, delay_seconds=delay_seconds)
            events.record(
                task.pk,
                Event.Kind.RETRIED,
                attempt_id=claim.attempt_id,
                code=error.code,
                delay_seconds=round(delay_seconds, 1),
            )
            dispatch.ring_after_commit(attempt.share.queue)
    return TaskState.PROCESSING if retried else TaskState.FAILED


def delay(number: int, retry_after_seconds: float | None) -> float:
    """Return the seconds before the next attempt: as told, else 2^n, with up to 1 s of jitter."""
    told = 2.0**number if retry_after_seconds is None else retry_after_seconds
    return told + random.uniform(0, 1)  # noqa: S311 (jitter, not a secret)
