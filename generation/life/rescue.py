"""What the loops do: ring forgotten rows, take back what dead workers held, end what is too late."""

import logging
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from generation.accounts.costs import FREE
from generation.failures import DeadlineExceeded, Expired, ModelGone, Quarantined, TimedOut
from generation.life import (
    breaker,
    claims,
    doorbell,
    dues,
    events,
    searching,
    trainings,
    waiting,
)
from generation.life.batch_ends import ending_tasks
from generation.life.unpaid_ends import end_unpaid
from generation.models import Attempt, Event, Offer, Task
from generation.states import TASK_LIVE, AttemptState, TaskState
from genhub.lib.errors import Problem
from genhub.lib.sweeps import alone

logger = logging.getLogger(__name__)

# A task survives three deaths of its worker; the fourth ends it.
MOST_DEATHS = 3
MOST_AT_A_TIME = 500
# What is in doubt is not worked on by anybody that is known of.
AT_WORK = (AttemptState.RUNNING, AttemptState.WAITING)
# Enough to wake every thread of a few workers; each sweep rings anew.
MOST_BELLS = 16


def sweep() -> int:
    """Ring each queue once for each due row, up to a few, and for each training that stands still, and return how many
    times it rang.

    Lost doorbells end here: whoever was rung goes on until the queue is empty. The first bell that is not delivered
    ends the sweep: the broker is away, and the next one rings anew.
    """
    rung = 0
    for queue in dues.list_waiting_queues():
        for _ in range(dues.list_due(queue)[:MOST_BELLS].count()):
            if not doorbell.ring(queue):
                return rung
            rung += 1
    return rung + trainings.ring_waiting()


def reap() -> int:
    """Take back every attempt whose lease ran out, switch off the models that end workers, and return how many there
    were."""
    breaker.watch.begin()
    expired = Attempt.objects.filter(state=AttemptState.RUNNING, lease_expires_at__lt=Now())
    ids = expired.order_by("lease_expires_at").values_list("pk", "task_id")[:MOST_AT_A_TIME]
    taken = sum(alone(partial(abandon, attempt_id, task_id)) for attempt_id, task_id in list(ids))
    if taken:
        breaker.trip()
    return taken


@ending_tasks()
def abandon(attempt_id: uuid.UUID, task_id: uuid.UUID) -> bool:
    """Declare an attempt's worker dead, and queue the next attempt or quarantine the task; False when it lives.

    What had left for a vendor is asked for again, or in doubt: it is never sent twice, and no death of it counts.
    """
    task = Task.objects.select_for_update().get(pk=task_id)
    expired = Attempt.objects.filter(
        pk=attempt_id, state=AttemptState.RUNNING, lease_expires_at__lt=Now()
    )
    attempt = expired.select_related("share", "account").first()
    if task.state not in TASK_LIVE or attempt is None:
        return False
    if attempt.sending_at:
        # Whatever it was that killed its worker: the next one handles it in a process of its own.
        return leave_to_vendor(expired, attempt, isolated=True)
    # In a shared process it may have been another one's fault: that counts for nobody, and each is isolated from then.
    was_isolated = attempt.batch_size == 1 and not attempt.shared_process
    deaths = claims.count_deaths(task_id) + was_isolated
    if deaths > MOST_DEATHS:
        # The task and its credits come before the attempt, whose trigger locks the share.
        problem = Quarantined(deaths=deaths)
        end_unpaid(task_id, TaskState.FAILED, problem=problem, spared=attempt_id)
    if not expired.update(
        state=AttemptState.ABANDONED,
        ended_at=Now(),
        lease_token=F("lease_token") + 1,
        preview=None,
        cost_usd=FREE,
    ):
        # A heartbeat came in between: the worker lives, and nothing of this happened.
        transaction.set_rollback(True)
        return False
    breaker.count(attempt, task.model)
    events.record(task_id, Event.Kind.ABANDONED, attempt_id=attempt_id, deaths=deaths)
    logger.warning("worker of attempt %s died (%s deaths of its task)", attempt_id, deaths)
    if deaths <= MOST_DEATHS:
        claims.queue_again(attempt, isolated=True)
        doorbell.ring_after_commit(attempt.share.queue)
    return True


def leave_to_vendor(held: QuerySet[Attempt], attempt: Attempt, **values: Any) -> bool:
    """Take an attempt back whose order may have left for its vendor; False when nobody holds it so any more."""
    state = AttemptState.WAITING if attempt.remote_id else AttemptState.UNKNOWN
    values |= {
        "lease_token": F("lease_token") + 1,
        "lease_expires_at": None,
        "preview": None,
        "run_at": Now(),
    }
    if state == AttemptState.UNKNOWN:
        values["look_at"] = searching.first_look(attempt.account)
    if not held.update(state=state, **values):
        return False
    if state == AttemptState.UNKNOWN:
        events.record(attempt.task_id, Event.Kind.UNKNOWN, attempt_id=attempt.pk)
    logger.warning("the worker of attempt %s is gone; its order is %s", attempt.pk, state)
    return True


def ring_due() -> int:
    """Ring each queue in which an order is to be asked for at its vendor, or cancelled there; return how many."""
    return sum(doorbell.ring(queue) for queue in waiting.list_due_queues())


def end_gone() -> int:
    """End every task that waits for a model which exists no more, and return how many there were.

    Nobody can make it; one that is only switched off may come back, so its tasks wait; another provider's takes them,
    but for what goes on with a picture, which that one alone has.
    """
    models = Offer.objects.filter(alias=OuterRef("task__model"))
    follows, own = Q(task__follows__isnull=False), models.filter(account=OuterRef("account"))
    nobody = ~Exists(models) | (follows & ~Exists(own))
    queued = Attempt.objects.filter(nobody, state=AttemptState.QUEUED)
    gone = list(queued.values_list("task_id", "task__model")[:MOST_AT_A_TIME])
    end = partial(end_unpaid, state=TaskState.FAILED)
    return sum(
        alone(partial(end, task_id, problem=ModelGone(model=model))) for task_id, model in gone
    )


def end_late() -> int:
    """End every live task whose time is over, to begin or to end, and return how many there were."""
    late = Task.objects.filter(state__in=TASK_LIVE, deadline_at__lt=Now())
    ids = late.order_by("deadline_at").values_list("pk", flat=True)[:MOST_AT_A_TIME]
    ended = sum(alone(partial(end_if_late, task_id)) for task_id in list(ids))
    over = find_over().order_by("run_until").values_list("pk", "task_id")[:MOST_AT_A_TIME]
    return ended + sum(alone(partial(end_if_over, *ids)) for ids in list(over))


def find_over() -> QuerySet[Attempt]:
    """Return the attempts that are worked on for longer than is usual, of tasks that say nothing else."""
    over = Attempt.objects.filter(state__in=AT_WORK, run_until__lt=Now())
    return over.filter(task__timeout_seconds=None)


@transaction.atomic
def end_if_late(task_id: uuid.UUID) -> bool:
    """End a task whose time is over; False when it ended, or began, meanwhile."""
    late = Task.objects.filter(pk=task_id, state__in=TASK_LIVE, deadline_at__lt=Now())
    task = late.select_for_update().first()
    if task is None:
        return False
    return end_unpaid(task_id, TaskState.FAILED, problem=why_late(task))


@transaction.atomic
def end_if_over(attempt_id: uuid.UUID, task_id: uuid.UUID) -> bool:
    """End the task of an attempt that is worked on for too long; False when that is not so any more.

    A vendor is told that nobody wants it, and what it may cost all the same is booked.
    """
    Task.objects.select_for_update().get(pk=task_id)
    if not find_over().filter(pk=attempt_id).exists():
        return False
    return end_unpaid(task_id, TaskState.FAILED, problem=TimedOut())


def why_late(task: Task) -> Problem:
    """Return why a task whose time is over failed."""
    if task.started_at is None:
        return Expired() if task.expires_at == task.deadline_at else DeadlineExceeded()
    seconds = task.timeout_seconds
    if seconds and task.deadline_at >= task.started_at + timedelta(seconds=seconds):
        return TimedOut()
    return DeadlineExceeded()
