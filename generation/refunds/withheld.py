"""A picture that was paid is taken from its owner, and paid back: both, or neither.

Lock order: person, task, finding, pictures, request, then the ledger's own.
"""

import uuid

from django.db import transaction

from generation.models import Finding, RefundRequest
from generation.moderation import review
from generation.refunds.errors import NothingToRefund
from generation.refunds.one import Part, find_left, lock_task, request_refund
from generation.refunds.pictures import find_taken, share_out
from genhub.users.alone import lock_person
from genhub.users.models import User


def find_paid(row: Finding) -> Part:
    """Return what may be paid back of what a finding is about: its picture, or of a prompt all that is left of its
    task; an amount of 0 where nothing is."""
    if row.task is None or row.task_id is None:
        return Part(0)
    left = find_left([row.task_id])[row.task_id]
    if row.position is None:
        return Part(left.free)
    if row.position in find_taken(row.task_id):
        return Part(0)
    amount = share_out(row.task, left.captured).get(row.position, 0)
    return Part(amount, [row.position]) if 0 < amount <= left.free else Part(0)


@transaction.atomic
def withhold_and_refund(
    finding_id: uuid.UUID, *, person: User, reason: str, seen: str, request_id: uuid.UUID
) -> RefundRequest:
    """Withhold what was found, and pay back what it cost, at once or once a second person approves it.

    Raises as `review.decide` and `request_refund` do, and NothingToRefund where nothing is left to pay back.
    """
    lock_person(person)
    row = review.decide(finding_id, Finding.State.KEPT, person=person, reason=reason, seen=seen)
    if row.task_id is None:
        raise NothingToRefund
    row.task = lock_task(row.task_id)
    part = find_paid(row)
    if not part.amount:
        raise NothingToRefund
    request, _is_new = request_refund(
        row.task_id, part, request_id=request_id, person=person, reason=reason
    )
    return request
