"""Endings without a picture: canceled, failed, quarantined, too late. State and money move together.

A chain that ends so after a step was delivered is completed in part: what was delivered stays, and is paid.

Lock order everywhere: task, hold, purse, attempt, share, backlog, and the batch last of all.
"""

import logging
import uuid
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.db.models import Case, QuerySet, When
from django.db.models.functions import Now

from credits import free, ledger
from credits.errors import HoldNotOpen
from credits.selectors import find_hold
from generation.accounts.costs import FREE
from generation.errors import AlreadyEnded, StepCanceled
from generation.life import announcing, batch_ends, events, flights, news, payments
from generation.life.batch_ends import ending_tasks
from generation.life.bills import GIVEN_UP, total_of_task
from generation.models import Attempt, Event, Output, Task
from generation.states import ATTEMPT_LIVE, TASK_LIVE, AttemptState, TaskState
from genhub.lib.errors import NotFound, Problem, gettext_noop
from genhub.lib.ids import NOBODY

logger = logging.getLogger(__name__)

# What the statement says of the credits that come back.
REASONS = {
    TaskState.FAILED: ledger.GENERATION_FAILED,
    TaskState.CANCELED: ledger.GENERATION_CANCELED,
}


@ending_tasks()
def end_unpaid(
    task_id: uuid.UUID,
    state: TaskState,
    *,
    problem: Problem | None = None,
    spared: uuid.UUID | None = None,
    cost_usd: Decimal | None = FREE,
) -> bool:
    """End a live task without a picture and give the whole hold back, or a chain with what it has delivered, paid, and
    give the rest back; False when it had ended before.

    Its attempts end with it, but for the spared one, which its own worker ends at this cost: the next fenced write of
    any other finds no row and stops. What waits at a vendor is cancelled there by a worker; until that is heard, the
    most that it may cost is booked.
    """
    chain = lock_begun_chain(task_id)
    end = TaskState.COMPLETED if chain else state
    values: dict[str, Any] = {"state": end, f"{end}_at": Now()}
    values["cost_usd"] = total_of_task(spared, cost_usd)
    if problem is not None and chain is None:
        values |= {"error_code": problem.code, "error_params": problem.params}
    if not Task.objects.filter(pk=task_id, state__in=TASK_LIVE).update(**values):
        return False
    said: dict[str, Any] = {"code": problem.code if problem else ""}
    if chain:
        said |= deliver_part(chain, problem or StepCanceled())
    elif hold_id := find_hold(task_id):
        # A hold that expired gave everything back before.
        with suppress(HoldNotOpen):
            ledger.release(hold_id, why=REASONS[state])
    else:
        free.leave(task_id)
    attempts = Attempt.objects.filter(task_id=task_id, state__in=ATTEMPT_LIVE)
    attempts = attempts.exclude(pk=spared or NOBODY)
    exposure = tell_exposure(attempts)
    if attempts.update(
        state=AttemptState.CANCELED,
        ended_at=Now(),
        lease_expires_at=None,
        preview=None,
        run_at=Now(),
        cost_usd=GIVEN_UP,
        needs_cancel=Case(When(remote_id="", then=False), default=True),
    ):
        news.tell_ended(task_id)
    events.record(task_id, Event.Kind(end), **said, **exposure)
    task = Task.objects.get(pk=task_id)
    announcing.announce_end(task, end)
    batch_ends.note(task.batch_id)
    flights.wake(task)
    return True


def lock_begun_chain(task_id: uuid.UUID) -> Task | None:
    """Return a live task of which a step was delivered already, locked; None for any other."""
    begun = Task.objects.filter(pk=task_id, state__in=TASK_LIVE, step__gt=1)
    return begun.select_for_update().first()


def deliver_part(chain: Task, problem: Problem) -> dict[str, Any]:
    """Pay the steps of a chain that were delivered, write of each other one why it was not, and return what an event
    says of that."""
    captured = payments.pay(chain, 0)
    Output.objects.bulk_create(
        Output(
            task=chain,
            step=step,
            position=step - 1,
            error_code=problem.code,
            error_params=problem.params,
        )
        for step in range(chain.step, len(chain.chain) + 1)
    )
    return {"count": payments.count_delivered(chain, 0), "captured": captured}


def tell_exposure(attempts: QuerySet[Attempt]) -> dict[str, Any]:
    """Tell the log of a live attempt that had left for its vendor, and return for the event what it may cost."""
    sent = attempts.filter(sending_at__isnull=False).select_related("account").first()
    if sent is None:
        return {}
    exposure = sent.dearest_usd
    logger.warning(
        "attempt %s, sent to %s, ends unpaid; it may cost %s USD",
        sent.pk,
        sent.account,
        "an unknown number of" if exposure is None else exposure,
    )
    return {"exposure_usd": str(exposure)} if exposure else {}


def cancel_task(task_id: uuid.UUID) -> None:
    """Cancel a task for its owner, at any stage before its end; raise AlreadyEnded after it."""
    if end_unpaid(task_id, TaskState.CANCELED):
        return
    state = Task.objects.filter(pk=task_id).values_list("state", flat=True).first()
    if state is None:
        raise NotFound(thing=gettext_noop("task"))
    raise AlreadyEnded(state=state)
