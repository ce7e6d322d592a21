"""Orders at a vendor: waited for without a sleeper, asked for, and in doubt when an answer was lost.

Each write of a worker is fenced like every other. What may be billed is never sent twice: an order whose answer was
lost is `unknown` until the vendor calls back, a person decides, or the task's deadline ends it.
"""

import math
import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least, Now

from generation.accounts.costs import FREE, Bill
from generation.errors import NotInDoubt
from generation.life import claims, doorbell, events, late, searching
from generation.life.attempt_ends import LONGEST_DETAIL
from generation.life.bills import total_of_task
from generation.life.claims import Claim
from generation.life.outputs import storable
from generation.life.searching import Suggestion
from generation.life.unpaid_ends import end_unpaid
from generation.models import Attempt, Event, Task
from generation.providers.base import CancelOutcome, Found, Submitted, Waiting
from generation.states import AttemptState, TaskState
from genhub.lib.errors import Problem
from genhub.lib.planned import planned_cursor

# A vendor that says nothing is asked after 1, 2, 4 … seconds; one that says more than the longest is asked then.
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_TOLD_SECONDS = 300.0
# After so many turns one that is told sooner is asked more and more rarely, too: no customer waits longer for it than a
# tenth of what it took already, and thousands that wait for long need no more than one question each 30 s.
TURNS_AS_TOLD = 4
# A worker that dies while it tells a vendor of a cancel leaves that to another one after so long.
CANCEL_AGAIN = timedelta(seconds=60)


@transaction.atomic
def wait(claim: Claim, told: Submitted | Waiting) -> None:
    """Leave an attempt to its vendor until it is worth asking; raise LeaseLost when the attempt is not ours."""
    values: dict[str, Any] = {}
    if isinstance(told, Submitted):
        values["remote_id"] = told.remote_id
        events.record(
            claim.task_id,
            Event.Kind.WAITING,
            attempt_id=claim.attempt_id,
            remote_id=told.remote_id,
        )
    elif (progress := progress_of(told)) is not None:
        values["progress"] = progress
    pause = timedelta(seconds=pause_of(claim.token, told.poll_after_seconds))
    claims.leave(claim, AttemptState.WAITING, run_at=Now() + pause, lease_expires_at=None, **values)


def progress_of(told: Waiting) -> float | None:
    """Return how far an order is, 0 to 1, whatever its vendor says; None where it says nothing."""
    if told.progress is None or math.isnan(told.progress):
        return None
    return min(max(told.progress, 0.0), 1.0)


def pause_of(turn: int, told_seconds: float | None) -> float:
    """Return the seconds until an order is asked for again: as told, and longer each turn, with 1 s of jitter."""
    if isinstance(told_seconds, int | float) and 0 <= told_seconds < float("inf"):
        longest = max(told_seconds, LONGEST_PAUSE_SECONDS)
        pause = min(told_seconds * max(turn / TURNS_AS_TOLD, 1), longest, LONGEST_TOLD_SECONDS)
    else:
        pause = min(2.0 ** min(turn - 1, 10), LONGEST_PAUSE_SECONDS)
    return pause + (random.uniform(0, 1) if pause else 0)  # noqa: S311 (jitter, not a secret)


@transaction.atomic
def doubt(claim: Claim, why: str, evidence: Mapping[str, Any] | None = None) -> None:
    """Write that nobody knows whether the vendor has taken an order; raise LeaseLost when the attempt is not ours.

    Where the vendor can be asked, that is due from then on.
    """
    # The event first: its key holds the task, which everybody locks before an attempt.
    events.record(claim.task_id, Event.Kind.UNKNOWN, attempt_id=claim.attempt_id)
    claims.leave(
        claim,
        AttemptState.UNKNOWN,
        lease_expires_at=None,
        preview=None,
        error_detail=storable(why[:LONGEST_DETAIL]),
        evidence=storable(evidence or {}),
        look_at=searching.first_look(claim.account),
    )


@transaction.atomic
def hear(attempt_id: uuid.UUID, remote_id: str) -> bool:
    """Take a vendor's callback: what waits is asked for now, what is in doubt is found; False when it is neither."""
    attempt = lock(attempt_id)
    if attempt.state == AttemptState.WAITING:
        Attempt.objects.filter(pk=attempt_id).update(run_at=Least(F("run_at"), Now()))
    elif attempt.state == AttemptState.UNKNOWN and remote_id:
        find(attempt, remote_id, by="callback")
    else:
        return late.hear(attempt, remote_id)
    doorbell.ring_after_commit(attempt.share.queue)
    return True


def find(attempt: Attempt, remote_id: str, *, by: str) -> None:
    """Write where an order in doubt is, so that it is asked for at once. The caller holds its task."""
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.WAITING,
        remote_id=remote_id,
        run_at=Now(),
        # What it has for its work begins anew: nobody could ask for it meanwhile.
        run_until=None,
        error_detail="",
        look_at=None,
        lease_token=F("lease_token") + 1,
    )
    events.record(
        attempt.task_id, Event.Kind.FOUND, attempt_id=attempt.pk, remote_id=remote_id, by=by
    )


@transaction.atomic
def note_look(seen: Attempt, found: Sequence[Found]) -> list[Suggestion]:
    """Write what a look at the vendor found for an order in doubt, and return it: the one that it surely is, is asked
    for at once; others wait for a person. Nothing happens once the doubt has ended."""
    attempt = lock(seen.pk)
    if (attempt.state, attempt.lease_token) != (AttemptState.UNKNOWN, seen.lease_token):
        return []
    suggestions = searching.suggest(attempt, found)
    Attempt.objects.filter(pk=attempt.pk).update(
        suggested=storable([one.to_json() for one in suggestions])
    )
    if sure := searching.sole(suggestions):
        find(attempt, sure.remote_id, by="search")
        doorbell.ring_after_commit(attempt.share.queue)
    return suggestions


def lock(attempt_id: uuid.UUID) -> Attempt:
    """Return an attempt whose task is locked: whoever moves what waits or is in doubt holds that."""
    task_id = Attempt.objects.values_list("task_id", flat=True).get(pk=attempt_id)
    Task.objects.select_for_update().get(pk=task_id)
    return Attempt.objects.select_related("share", "account", "task").get(pk=attempt_id)


def lock_unknown(attempt_id: uuid.UUID) -> Attempt:
    """Return an attempt in doubt whose task is locked; raise NotInDoubt when it is in doubt no more."""
    attempt = lock(attempt_id)
    if attempt.state != AttemptState.UNKNOWN:
        raise NotInDoubt
    return attempt


@transaction.atomic
def decide_taken(attempt_id: uuid.UUID, remote_id: str, *, by: str, reason: str) -> None:
    """Take a person's word that the vendor has an order, under this id; raise NotInDoubt."""
    attempt = lock_unknown(attempt_id)
    find(attempt, remote_id, by=f"{by}: {reason}")
    doorbell.ring_after_commit(attempt.share.queue)


@transaction.atomic
def decide_not_taken(attempt_id: uuid.UUID, *, by: str, reason: str) -> None:
    """Take a person's word that the vendor never had an order: it is made anew; raise NotInDoubt."""
    attempt = lock_unknown(attempt_id)
    Attempt.objects.filter(pk=attempt_id).update(
        state=AttemptState.CANCELED, ended_at=Now(), lease_token=F("lease_token") + 1, cost_usd=FREE
    )
    events.record(
        attempt.task_id, Event.Kind.NOT_TAKEN, attempt_id=attempt_id, by=f"{by}: {reason}"
    )
    claims.queue_again(attempt)
    doorbell.ring_after_commit(attempt.share.queue)


@transaction.atomic
def decide_lost(attempt_id: uuid.UUID, problem: Problem) -> None:
    """End the task of an order in doubt: its credits come back, what it may have cost is booked; raise NotInDoubt."""
    attempt = lock_unknown(attempt_id)
    end_unpaid(attempt.task_id, TaskState.FAILED, problem=problem)


def cancel_unwanted(claim: Claim, remote_id: str) -> None:
    """Have an order cancelled whose task ended while it was handed over: its vendor works on it all the same."""
    ended = Attempt.objects.filter(
        pk=claim.attempt_id, lease_token=claim.token, state=AttemptState.CANCELED, remote_id=""
    )
    ended.update(remote_id=remote_id, needs_cancel=True, run_at=Now())


def claim_cancel(queue: str) -> Attempt | None:
    """Take an attempt of a queue whose vendor has to be told that nobody wants it any more; None when there is none."""
    with transaction.atomic():
        due = Attempt.objects.filter(needs_cancel=True, run_at__lte=Now(), share__queue=queue)
        found = due.select_for_update(of=("self",), skip_locked=True).select_related(
            "account", "key"
        )
        attempt = found.order_by("run_at").first()
        if attempt:
            Attempt.objects.filter(pk=attempt.pk).update(run_at=Now() + CANCEL_AGAIN)
    return attempt


def is_shared(attempt: Attempt) -> bool:
    """Return whether another order waits for the same one at its vendor, as a proxy answers to the same words again."""
    others = Attempt.objects.filter(account=attempt.account, remote_id=attempt.remote_id)
    states = [AttemptState.RUNNING, AttemptState.WAITING]
    return others.filter(state__in=states).exclude(pk=attempt.pk).exists()


@transaction.atomic
def note_canceled(attempt: Attempt, outcome: CancelOutcome) -> None:
    """Write what a vendor answered to a cancel; what it costs all the same stays booked at the task."""
    task = Task.objects.select_for_update().get(pk=attempt.task_id)
    if not Attempt.objects.filter(pk=attempt.pk, needs_cancel=True).update(needs_cancel=False):
        return
    if outcome == CancelOutcome.FREE:
        settle(attempt.pk, task.pk, Bill())
    events.record(task.pk, Event.Kind.CANCEL_TOLD, attempt_id=attempt.pk, outcome=outcome.value)


def settle(attempt_id: uuid.UUID, task_id: uuid.UUID, bill: Bill) -> None:
    """Write what an order cost that was given up, once that is known. The caller holds its task."""
    Attempt.objects.filter(pk=attempt_id).update(**bill.values())
    Task.objects.filter(pk=task_id).update(cost_usd=total_of_task())


@transaction.atomic
def settle_late(claim: Claim, bill: Bill) -> None:
    """Write what an order cost whose task ended while its vendor worked; nothing while that is still to be asked for,
    or when it is not this claim's any more."""
    task = Task.objects.select_for_update().get(pk=claim.task_id)
    ended = Attempt.objects.filter(pk=claim.attempt_id, lease_token=claim.token, needs_cancel=False)
    if ended.filter(state=AttemptState.CANCELED, sending_at__isnull=False).exists():
        settle(claim.attempt_id, task.pk, bill)


def list_due_queues() -> list[str]:
    """Return the queues in which an order is to be asked for or looked for, or a vendor to be told of a cancel."""
    with planned_cursor() as cursor:
        cursor.execute(*write_due_queues())
        return sorted(queue for (queue,) in cursor.fetchall())


@cache
def write_due_queues() -> tuple[str, tuple[Any, ...]]:
    """Return the statement that asks for them, and its values: to write it takes longer than to run it."""
    due = [
        Attempt.objects.filter(state=AttemptState.WAITING, run_at__lte=Now()),
        Attempt.objects.filter(needs_cancel=True, run_at__lte=Now()),
        searching.list_due(),
    ]
    # Asked before each claim: each by its own index, and all at once.
    first, *others = (rows.order_by().values_list("share__queue", flat=True) for rows in due)
    return first.union(*others).query.sql_with_params()
