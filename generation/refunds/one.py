"""Refunds by staff: captured credits go back, once for each click; above a limit only with a second person's word.

Lock order: person, request, task, then the ledger's own.
"""

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from credits import ledger
from credits.errors import KeyReused, RefundTooLarge
from credits.selectors import find_hold, view_holds
from generation.life import events
from generation.models import Event, RefundRequest, RefundState, Task
from generation.refunds.errors import (
    NothingToRefund,
    OwnRefund,
    RefundAskedBefore,
    RefundDecided,
    RefundTooEarly,
)
from generation.refunds.pictures import find_taken, note_refunded, share_out, sum_ticked
from generation.selectors.refunds import sum_refunded_alone, sum_waiting_refunds
from generation.states import TASK_ENDS
from genhub.lib.errors import NotFound, SeenChanged, gettext_noop
from genhub.lib.reasons import check_reason
from genhub.lib.seen import changed_since, mark
from genhub.users.alone import ALONE_FOR, lock_person
from genhub.users.models import User


@dataclass(frozen=True)
class Part:
    """What is given back of a task: credits, and the positions of the pictures that these pay back whole."""

    amount: int
    positions: Collection[int] = ()


@dataclass(frozen=True)
class Left:
    """What may still be refunded of a task: `free` is neither refunded nor asked for by a request that waits."""

    captured: int
    refunded: int
    waiting: int

    @property
    def free(self) -> int:
        """Return what a new request may ask for."""
        return self.captured - self.refunded - self.waiting

    @property
    def seen(self) -> str:
        """Return the mark of these figures, for a page that shows them."""
        return mark(asdict(self))

    def check_seen(self, seen: str) -> None:
        """Raise SeenChanged unless a page showed just these; without a mark there was no page."""
        if seen and changed_since(seen, asdict(self)):
            raise SeenChanged


def find_left(task_ids: list[uuid.UUID]) -> dict[uuid.UUID, Left]:
    """Return what may still be refunded of each task."""
    waiting, holds = sum_waiting_refunds(task_ids), view_holds(task_ids)
    return {
        task_id: Left(hold.captured, hold.refunded, waiting.get(task_id, 0))
        if (hold := holds.get(task_id))
        else Left(0, 0, 0)
        for task_id in task_ids
    }


@transaction.atomic
def request_refund(
    task_id: uuid.UUID,
    wanted: int | Part,
    *,
    request_id: uuid.UUID,
    person: User,
    reason: str,
    seen: str = "",
) -> tuple[RefundRequest, bool]:
    """Refund a part or all of an ended task, or let it wait for a second person, as its state then says.

    A part may name pictures that are paid back whole, each once: their shares are its amount. The flag is False when
    this id asked for the same before: then nothing more was done. `seen` is the mark of what was left when the person
    looked. Raises ReasonTooShort, NotFound, NothingToRefund, RefundTooEarly, SeenChanged, PictureRefunded,
    RefundAskedBefore, or the ledger's RefundTooLarge, InvalidAmount and KeyReused.
    """
    reason = check_reason(reason)
    part = wanted if isinstance(wanted, Part) else Part(wanted)
    amount, positions = part.amount, sorted(set(part.positions))
    ledger.check_amount(amount)
    # One at a time for each person: two refunds at once must not each be the last below the limit.
    lock_person(person)
    earlier = RefundRequest.objects.filter(pk=request_id).first()
    if earlier:
        same = (earlier.task_id, earlier.amount, earlier.requested_by_id, earlier.positions)
        if same != (task_id, amount, person.pk, positions):
            raise KeyReused
        return earlier, False
    task = lock_task(task_id)
    left = find_left([task_id])[task_id]
    left.check_seen(seen)
    if positions:
        shares = share_out(task, left.captured)
        if amount != sum_ticked(shares, positions, find_taken(task_id)):
            raise SeenChanged
    if amount > left.captured - left.refunded:
        raise RefundTooLarge
    if amount > left.free:
        raise RefundAskedBefore(waiting=left.waiting, left=left.free)
    waits = needs_approval(
        left.refunded + left.waiting + amount, sum_refunded_alone(person.pk, ALONE_FOR) + amount
    )
    row = RefundRequest.objects.create(
        id=request_id,
        task_id=task_id,
        amount=amount,
        positions=positions,
        reason=reason,
        state=RefundState.PENDING if waits else RefundState.DONE,
        requested_by=person,
    )
    if not waits:
        give_back(row)
    return row, True


def needs_approval(of_task: int, alone: int) -> bool:
    """Return whether a second person must approve: too much of one task, or of one person alone within a day."""
    return max(of_task, alone) > settings.REFUND_APPROVAL_ABOVE


@transaction.atomic
def approve_refund(
    request_id: uuid.UUID, *, person: User, reason: str, seen: str = ""
) -> RefundRequest:
    """Refund what another person asked for, in the transaction that approves it.

    `seen` is the mark of what was left of the task when the person looked. Raises ReasonTooShort, NotFound, OwnRefund,
    RefundDecided, SeenChanged, or RefundTooLarge when less is left meanwhile.
    """
    row = decide(request_id, RefundState.DONE, person, reason)
    lock_task(row.task_id)
    # The page counted this very request among those that wait.
    left = find_left([row.task_id])[row.task_id]
    replace(left, waiting=left.waiting + row.amount).check_seen(seen)
    give_back(row)
    return row


@transaction.atomic
def reject_refund(request_id: uuid.UUID, *, person: User, reason: str) -> RefundRequest:
    """Refuse what another person asked for; raises as approve_refund does, and nothing moves."""
    return decide(request_id, RefundState.REJECTED, person, reason)


def decide(request_id: uuid.UUID, state: RefundState, person: User, reason: str) -> RefundRequest:
    """Write a second person's decision on a request that waits, which stays locked."""
    reason = check_reason(reason)
    # Those of a bulk refund are decided together.
    found = RefundRequest.objects.select_for_update(of=("self",)).select_related("requested_by")
    row = found.filter(pk=request_id, batch=None).first()
    if row is None:
        raise NotFound(thing=gettext_noop("refund"))
    if row.requested_by_id == person.pk:
        raise OwnRefund
    if row.state != RefundState.PENDING:
        raise RefundDecided
    row.state, row.decided_by, row.decision = state, person, reason
    RefundRequest.objects.filter(pk=request_id).update(
        state=state, decided_by=person, decision=reason, decided_at=Now()
    )
    return row


def give_back(row: RefundRequest) -> None:
    """Move a request's credits and write it into the task's history."""
    hold_id = find_hold(row.task_id)
    if hold_id is None:
        raise NothingToRefund
    actor = row.requested_by.get_username()
    approver: dict[str, Any] = {}
    if row.decided_by:
        approver["approved_by"] = row.decided_by.get_username()
    why = ledger.Why(actor, row.reason)
    ledger.refund(hold_id, row.amount, key=f"request:{row.pk}", why=why)
    said: dict[str, Any] = {"amount": row.amount, "actor": actor, **approver}
    if row.positions:
        note_refunded(row, find_left([row.task_id])[row.task_id].captured)
        said["pictures"] = ", ".join(str(position + 1) for position in row.positions)
    events.record(row.task_id, Event.Kind.REFUNDED, **said)


def lock_task(task_id: uuid.UUID) -> Task:
    """Return an ended task that cost something, locked, so that its refunds take turns; raise when it is another."""
    task = Task.objects.select_for_update(no_key=True).filter(pk=task_id).first()
    if task is None:
        raise NotFound(thing=gettext_noop("task"))
    if task.state not in TASK_ENDS:
        raise RefundTooEarly(state=task.state)
    if not task.price:
        raise NothingToRefund
    return task
