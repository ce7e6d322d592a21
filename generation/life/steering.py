"""Queues and providers that staff hold up and let go on. What is at work goes on, and orders are still taken."""

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from generation.errors import QueueUnknown
from generation.life import doorbell
from generation.models import Account, Attempt, Queue, QueueChange, Rest
from generation.models.account import QUEUES
from generation.models.queue import GATE, WITHOUT_END
from generation.states import AttemptState
from genhub.lib import locks

logger = logging.getLogger(__name__)

Deed = QueueChange.Deed
# A worker has it, or a vendor that will be paid.
AT_WORK = (AttemptState.RUNNING, AttemptState.WAITING)
# Who ends a drain.
NOBODY = "loops"


def list_queues() -> list[str]:
    """Return the queues in which orders may wait, by name."""
    return sorted({*QUEUES, *Account.objects.values_list("queue", flat=True)})


def pause(queue: str, *, by: str, reason: str) -> None:
    """Have nothing new claimed from a queue; raise QueueUnknown. Once this is committed, no claim of it happens."""
    hold_up(queue, Queue.State.PAUSED, Deed.PAUSED, by=by, reason=reason)


def drain(queue: str, *, by: str, reason: str) -> None:
    """Pause a queue, and have noted when the last of its orders has ended; raise QueueUnknown."""
    hold_up(queue, Queue.State.DRAINING, Deed.DRAINING, by=by, reason=reason)


@transaction.atomic
def hold_up(queue: str, state: Queue.State, deed: Deed, *, by: str, reason: str) -> None:
    """Give a queue a state in which nothing is claimed."""
    check_queue(queue)
    close_gate(queue)
    Queue.objects.update_or_create(name=queue, defaults={"state": state, "drained_at": None})
    note(queue, deed, by=by, reason=reason)


@transaction.atomic
def resume(queue: str, *, by: str, reason: str) -> None:
    """Have a queue's orders claimed again, and ring for what waits; raise QueueUnknown."""
    check_queue(queue)
    held_up = Queue.objects.filter(name=queue).exclude(state=Queue.State.OPEN)
    if not held_up.update(state=Queue.State.OPEN, drained_at=None):
        return
    note(queue, Deed.RESUMED, by=by, reason=reason)
    doorbell.ring_after_commit(queue)


@transaction.atomic
def pause_account(account_id: int, *, by: str, reason: str) -> None:
    """Give a provider no new order until somebody resumes or wakes it. Once this is committed, no claim for it happens;
    others take what they can make, as while it rests."""
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    close_gate(account.queue)
    paused = {"resting_until": WITHOUT_END, "resting_why": Rest.PAUSED}
    Account.objects.filter(pk=account_id).update(**paused)
    note(account.queue, Deed.PAUSED, by=by, reason=reason, provider=account.alias)


@transaction.atomic
def resume_account(account_id: int, *, by: str, reason: str) -> None:
    """Give a paused provider orders again; nothing happens to one that is not paused."""
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if account.resting_why != Rest.PAUSED:
        return
    Account.objects.filter(pk=account_id).update(resting_until=None, resting_why="")
    note(account.queue, Deed.RESUMED, by=by, reason=reason, provider=account.alias)
    doorbell.ring_after_commit(account.queue)


def note_drained() -> int:
    """Note of each draining queue that nothing of it is at work any more, and return how many there were."""
    at_work = Attempt.objects.filter(state__in=AT_WORK, account__queue=OuterRef("name"))
    draining = Queue.objects.filter(~Exists(at_work), state=Queue.State.DRAINING, drained_at=None)
    return sum(end_drain(queue) for queue in draining.values_list("name", flat=True))


@transaction.atomic
def end_drain(queue: str) -> bool:
    """Note the end of a drain; False when it was noted, or the queue was resumed, meanwhile."""
    draining = Queue.objects.filter(name=queue, state=Queue.State.DRAINING, drained_at=None)
    if not draining.update(drained_at=Now()):
        return False
    note(queue, Deed.DRAINED, by=NOBODY)
    logger.info("queue %s is drained", queue)
    return True


def check_queue(queue: str) -> None:
    """Raise QueueUnknown for a queue in which no order can wait."""
    known = list_queues()
    if queue not in known:
        raise QueueUnknown(queue=queue, queues=", ".join(known))


def close_gate(queue: str) -> None:
    """Wait for the claims of a queue that happen now, and let none happen before the transaction ends."""
    locks.take(GATE, queue)


def note(queue: str, deed: Deed, *, by: str, reason: str = "", provider: str = "") -> None:
    """Write what was done, in the transaction that does it."""
    QueueChange.objects.create(queue=queue, provider=provider, deed=deed, actor=by, reason=reason)
