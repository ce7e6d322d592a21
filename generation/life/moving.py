"""Waiting orders that staff move: before or behind the other orders of the same user, or to another priority.

Users keep their turns: what is moved takes none of another's, but by a priority that its platform's plan allows.
"""

import uuid
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, Min
from django.db.models.functions import Now

from generation.accounts.costs import FREE
from generation.errors import NotWaiting, PriorityTooHigh
from generation.life import claims, doorbell, events
from generation.models import Attempt, Event, Share, Task
from generation.models.task import Priority
from generation.states import TASK_LIVE, AttemptState
from genhub.platforms.models import Plan

FIRST: Final = "first"
LAST: Final = "last"
WORDS: Final = (FIRST, LAST, *(priority.name.lower() for priority in Priority))
# Between two orders that came at one moment.
STEP = timedelta(milliseconds=1)


@transaction.atomic
def place(task_id: uuid.UUID, where: str, *, by: str, reason: str) -> None:
    """Put a waiting order before all others of its user, in its queue and priority, or (LAST) behind those that are
    due; raise NotWaiting."""
    attempt = lock_waiting(task_id)
    line = Attempt.objects.filter(share=attempt.share, state=AttemptState.QUEUED)
    if where == FIRST:
        at = line.aggregate(at=Min("run_at"))["at"] - STEP
    else:
        # Not behind what waits for a later moment: it would wait for that, too.
        at = line.filter(run_at__lte=Now()).aggregate(at=Max("run_at"))["at"]
        at = (at or attempt.run_at) + STEP
    Attempt.objects.filter(pk=attempt.pk).update(run_at=at)
    tell(attempt, where, by=by, reason=reason)


@transaction.atomic
def prioritise(task_id: uuid.UUID, priority: Priority, *, by: str, reason: str) -> None:
    """Let a waiting order go with those of another priority, behind its user's there; raise NotWaiting, or
    PriorityTooHigh where its platform's plan allows none so high. Its price stays as it is."""
    attempt = lock_waiting(task_id)
    plan = attempt.task.platform.plan or Plan()
    highest = Priority[plan.highest_priority.upper()]
    if priority < min(highest, attempt.share.priority):
        raise PriorityTooHigh(priority=priority.name.lower(), highest=highest.name.lower())
    if priority == attempt.share.priority:
        return
    old = attempt.share
    # What its user may have at work at a time does not grow with it.
    attempt.share, _ = Share.objects.get_or_create(
        queue=old.queue, priority=priority, platform_id=old.platform_id, user=old.user,
        defaults={"cap": old.cap},
    )  # fmt: skip
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.CANCELED, ended_at=Now(), cost_usd=FREE
    )
    Task.objects.filter(pk=task_id).update(priority=priority)
    tell(claims.queue_again(attempt), priority.name.lower(), by=by, reason=reason)


def lock_waiting(task_id: uuid.UUID) -> Attempt:
    """Hold a task and its attempt that waits; raise NotWaiting."""
    task = Task.objects.select_for_update().filter(pk=task_id).first()
    if task is None or task.state not in TASK_LIVE:
        raise NotWaiting
    rows = Attempt.objects.filter(task_id=task_id, state=AttemptState.QUEUED)
    # Held, so that no claim takes it meanwhile; one that has it goes first.
    attempt = rows.select_for_update(of=("self",)).select_related("task__platform__plan", "share").first()  # fmt: skip
    if attempt is None:
        raise NotWaiting
    return attempt


def tell(attempt: Attempt, where: str, *, by: str, reason: str) -> None:
    """Write the move into the task's story, and ring: what was behind may be next."""
    events.record(
        attempt.task_id, Event.Kind.MOVED, attempt_id=attempt.pk, to=where, actor=by, reason=reason
    )
    doorbell.ring_after_commit(attempt.share.queue)


def move(task_id: uuid.UUID, word: str, *, by: str, reason: str) -> None:
    """Do what one of WORDS asks of a waiting order; raise as `place` and `prioritise` do."""
    if word in {FIRST, LAST}:
        place(task_id, word, by=by, reason=reason)
    else:
        prioritise(task_id, Priority[word.upper()], by=by, reason=reason)
