"""The end of a worker's attempt: delivered, worth another try, or failed. Each is one fenced transaction."""

import logging
import random
import uuid
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from generation.accounts import routing, spending, standing
from generation.accounts.costs import FREE, NOTHING, Bill
from generation.describing import rows as describing
from generation.life import (
    announcing,
    batch_ends,
    claims,
    doorbell,
    events,
    flights,
    paces,
    payments,
    withheld,
)
from generation.life.batch_ends import ending_tasks
from generation.life.bills import GIVEN_UP, total_of_task
from generation.life.claims import Claim, LeaseLost
from generation.life.outputs import Stored, deliver, failure_of, storable
from generation.life.unpaid_ends import end_unpaid
from generation.life.withheld import AllWithheld
from generation.models import Attempt, Event, Task
from generation.providers.errors import Fault, ProviderError
from generation.providers.sorting import Meaning
from generation.states import TASK_LIVE, AttemptState, TaskState
from genhub.lib.prepared import NO_FLAG, NO_ID, NO_NUMBER, Prepared, PreparedUpdate

logger = logging.getLogger(__name__)

MOST_RETRIES = 3
# Of a provider's own words, in characters.
LONGEST_DETAIL = 4000
# These rest for an hour and more.
DEAD_KEY = (Meaning.KEY, Meaning.QUOTA)
# A provider that says more is asked again all the same: waiting is the customer's.
LONGEST_DELAY_SECONDS = 3600.0


@ending_tasks()
def complete(claim: Claim, stored: Stored) -> None:
    """Publish what was stored, capture its price, release the rest; raise LeaseLost and write nothing when too late.

    At least one picture must be there: an attempt that delivered none has failed.
    """
    # The row is locked by what ends it: whoever waits for the picture waits for no look at it before.
    # What is found again is whole.
    cache_key = "" if stored.withheld else flights.keep_key(claim)
    if not COMPLETES.run(claim.task_id, cache_key, claim.attempt_id, stored.bill.cost_usd):
        raise LeaseLost
    [task] = BY_ID.find(claim.task_id)
    captured = payments.pay(task, len(stored.outputs))
    end = events.event_of(
        task.pk,
        Event.Kind.COMPLETED,
        attempt_id=claim.attempt_id,
        count=payments.count_delivered(task, len(stored.outputs)),
        captured=captured,
    )
    deliver(task, stored, end)
    describing.ask_for(task)
    announcing.announce_end(task, TaskState.COMPLETED)
    batch_ends.note(task.batch_id)
    flights.wake(task)
    succeed(claim, stored)


COMPLETES: Final = PreparedUpdate(
    lambda task_id, cache_key, attempt_id, cost_usd: (
        Task.objects.filter(pk=task_id, state__in=TASK_LIVE),
        {
            "state": TaskState.COMPLETED,
            "completed_at": Now(),
            "cache_key": cache_key,
            "cost_usd": total_of_task(attempt_id, cost_usd),
        },
    ),
    NO_ID,
    "a key",
    uuid.UUID(int=1),
    Decimal(-1),
)
BY_ID: Prepared[Task] = Prepared(
    lambda task_id: Task.objects.filter(pk=task_id).select_related("platform"), NO_ID
)


def succeed(claim: Claim, stored: Stored) -> None:
    """End an attempt that has delivered; last, since its trigger locks the share, where the next claim of this user
    looks."""
    is_ended = SUCCEEDS.run(
        claim.attempt_id,
        claim.token,
        storable(stored.timings),
        storable(stored.facts),
        # What is missing may have been stored in part.
        bool(stored.not_made),
        stored.bill.cost_usd,
        stored.bill.usage,
    )
    if not is_ended:
        raise LeaseLost
    spending.watch(claim.account)
    paces.note(claim, stored.timings)


SUCCEEDS: Final = PreparedUpdate(
    lambda attempt_id, token, timings, facts, needs_sweep, cost_usd, usage: (
        claims.fence(attempt_id, token),
        {
            "state": AttemptState.SUCCEEDED,
            "progress": 1.0,
            "timings": timings,
            "facts": facts,
            "needs_sweep": needs_sweep,
            "cost_usd": cost_usd,
            "usage": usage,
            **claims.END,
        },
    ),
    NO_ID,
    NO_NUMBER,
    {"timings": 0},
    {"facts": 0},
    NO_FLAG,
    Decimal(-1),
    {"usage": 0},
)


def fail(claim: Claim, error: ProviderError, bill: Bill = NOTHING) -> TaskState:
    """Queue another attempt when the error is worth one, else fail the task; return the task's state.

    Raises LeaseLost, having written nothing, when the attempt is no longer this worker's.
    """
    with ending_tasks():
        task = Task.objects.select_for_update().get(pk=claim.task_id)
        if task.state not in TASK_LIVE:
            raise LeaseLost
        failures = 1 + count_failures(claim)
        retried = error.retryable and (failures <= MOST_RETRIES or has_next_key(claim, error))
        problem = failure_of(error.code, error.params)
        if not retried:
            # The task and its credits come before the attempt, whose trigger locks the share.
            end_unpaid(
                task.pk, TaskState.FAILED, problem=problem, spared=claim.attempt_id, cost_usd=bill.cost_usd
            )  # fmt: skip
        if isinstance(error, AllWithheld):
            withheld.keep(task, error.pictures, are_outputs=False)
        claims.end_attempt(
            claim,
            AttemptState.FAILED,
            error_code=problem.code,
            error_detail=storable(str(error)[:LONGEST_DETAIL]),
            evidence=storable(error.evidence),
            **bill.values(),
        )
        spending.watch(claim.account)
        if retried:
            queue_retry(claim, failures, error)
    return TaskState.PROCESSING if retried else TaskState.FAILED


def queue_retry(claim: Claim, failures: int, error: ProviderError) -> None:
    """Queue the next attempt after a failure that is worth one: at once where another account or key takes it."""
    attempt = Attempt.objects.select_related("share").get(pk=claim.attempt_id)
    delay_seconds = delay(failures, error.retry_after_seconds)
    route = find_other(claim, error)
    if route:
        delay_seconds = 0.0
        events.record_route(claim.task_id, route, attempt_id=claim.attempt_id)
    elif error.fault is Fault.KEY and standing.has_key(claim.account.pk):
        delay_seconds = 0.0
    queued = claims.queue_again(
        attempt, account=route.account if route else None, delay_seconds=delay_seconds
    )
    events.record(
        claim.task_id,
        Event.Kind.RETRIED,
        attempt_id=claim.attempt_id,
        code=error.code,
        delay_seconds=round(delay_seconds, 1),
    )
    doorbell.ring_after_commit(queued.share.queue)


def has_next_key(claim: Claim, error: ProviderError) -> bool:
    """Return whether an order failed for a dead key alone, and another can be used: each dies once, so that ends."""
    return error.why in DEAD_KEY and standing.has_key(claim.account.pk)


def find_other(claim: Claim, error: ProviderError) -> routing.Route | None:
    """Return another account that takes an order now which failed at this one, by no fault of its own; None: there is
    none, or it may go to the same."""
    if error.fault is Fault.ORDER:
        return None
    if error.fault is Fault.KEY and standing.has_key(claim.account.pk):
        return None
    return choose_other(claim)


def choose_other(claim: Claim) -> routing.Route | None:
    """Return another account that takes a claim's order now, or None; none has the picture that it goes on with."""
    if claim.follows_id:
        return None
    return routing.choose_other(claim.spec, claim.account.pk, local_only=claim.local_only)


@transaction.atomic
def put_back(claim: Claim, refused: spending.NotNow) -> None:
    """Queue an order again that its account does not take now: at another one, or there after a while. It was not sent,
    and counts neither as a failure nor as a death."""
    Task.objects.select_for_update().get(pk=claim.task_id)
    claims.end_attempt(claim, AttemptState.CANCELED, cost_usd=FREE)
    attempt = Attempt.objects.select_related("share").get(pk=claim.attempt_id)
    # What has no room for a moment is not gone from.
    if refused.why and (route := choose_other(claim)):
        events.record_route(claim.task_id, route, attempt_id=claim.attempt_id)
        queued = claims.queue_again(attempt, account=route.account)
    else:
        queued = claims.queue_again(attempt, delay_seconds=refused.seconds)
    doorbell.ring_after_commit(queued.share.queue)


@transaction.atomic
def hand_back(claim: Claim) -> None:
    """Give an attempt back unfinished, since its worker stops; it counts neither as a failure nor as a death."""
    Task.objects.select_for_update().get(pk=claim.task_id)
    claims.end_attempt(claim, AttemptState.CANCELED, cost_usd=GIVEN_UP)
    attempt = Attempt.objects.select_related("share").get(pk=claim.attempt_id)
    claims.queue_again(attempt)
    events.record(claim.task_id, Event.Kind.HANDED_BACK, attempt_id=claim.attempt_id)
    doorbell.ring_after_commit(attempt.share.queue)


def delay(number: int, retry_after_seconds: float | None) -> float:
    """Return the seconds before the next attempt: as told, else 2^n, with up to 1 s of jitter."""
    told = retry_after_seconds
    # NaN is at least nothing.
    if not isinstance(told, int | float) or not told >= 0:
        told = 2.0**number
    return min(told, LONGEST_DELAY_SECONDS) + random.uniform(0, 1)  # noqa: S311 (jitter, not a secret)


def count_failures(claim: Claim) -> int:
    """Return how many attempts of a task failed, of a chain those of the step at hand."""
    failed = Attempt.objects.filter(task_id=claim.task_id, state=AttemptState.FAILED)
    return failed.filter(step=claim.step).count()
