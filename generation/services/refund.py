"""Refunds by staff: captured credits go back, once for each click, with a person's name and reason."""

import uuid

from django.db import transaction

from credits import ledger
from credits.selectors import find_hold
from generation import events
from generation.errors import NothingToRefund, ReasonTooShort
from generation.models import Event

SHORTEST_REASON = 10


def refund_task(task_id: uuid.UUID, amount: int, *, key: str, actor: str, reason: str) -> bool:
    """Give an ended task's captured credits back, in part or whole, and return True; False when this key did it before.

    Raises ReasonTooShort, NothingToRefund, or the ledger's RefundTooLarge, InvalidAmount and KeyReused.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReasonTooShort(least=SHORTEST_REASON)
    hold_id = find_hold(task_id)
    if hold_id is None:
        raise NothingToRefund
    with transaction.atomic():
        moved = ledger.refund(hold_id, amount, key=key, why=ledger.Why(actor, reason.strip()))
        if moved:
            events.record(task_id, Event.Kind.REFUNDED, amount=amount, actor=actor)
    return moved
