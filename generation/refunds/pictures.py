"""What each picture of a task cost its user, so that staff can pay back single ones: the shares add up to all that was
captured, to the credit."""

import uuid
from collections.abc import Collection, Mapping

from django.db.models import F

from generation.models import Output, RefundRequest, RefundState, Task
from generation.refunds.errors import PictureRefunded

# A refund in one of these keeps its pictures from any other.
STANDING = (RefundState.PENDING, RefundState.APPROVED, RefundState.DONE)


def share_out(task: Task, captured: int) -> dict[int, int]:
    """Return what each delivered picture of a task cost, by its position.

    Pictures of one order have one price; the steps of a chain have each their own. Where what was captured is not their
    sum, as after a hold that expired, it is shared out evenly, the first ones a credit more.
    """
    # A gift was paid back before it was given.
    paid = sorted(
        (output for output in task.outputs.all() if output.artifact_id and not output.is_gift),
        key=lambda output: output.position,
    )
    if not paid:
        return {}
    steps = [step["price"] for step in task.chain]
    if steps:
        own = {one.position: steps[one.step - 1] for one in paid if 0 < one.step <= len(steps)}
        if len(own) == len(paid) and sum(own.values()) == captured:
            return own
    each, more = divmod(captured, len(paid))
    return {one.position: each + (index < more) for index, one in enumerate(paid)}


def find_taken(task_id: uuid.UUID) -> set[int]:
    """Return the positions of a task's pictures that were refunded, or wait to be."""
    rows = RefundRequest.objects.filter(task_id=task_id, state__in=STANDING).exclude(positions=[])
    return {position for found in rows.values_list("positions", flat=True) for position in found}


def sum_ticked(shares: Mapping[int, int], ticked: Collection[int], taken: Collection[int]) -> int:
    """Return what some pictures cost together; raise PictureRefunded for one that is taken, or cost nothing."""
    wrong = [p for p in sorted(ticked) if p in taken or not shares.get(p)]
    if wrong:
        raise PictureRefunded(pictures=", ".join(str(position + 1) for position in wrong))
    return sum(shares[position] for position in set(ticked))


def note_refunded(row: RefundRequest, captured: int) -> None:
    """Write at each picture of a refund that was made what was given back for it."""
    shares = share_out(row.task, captured)
    for position in row.positions:
        place = Output.objects.filter(task_id=row.task_id, position=position)
        place.update(refunded=F("refunded") + shares[position])
