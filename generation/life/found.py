"""The end of an order whose pictures were drawn before: nothing is drawn, state and money move together as at any end.

Each picture becomes the order's own, a row that names the same file: its owner may delete it, and nobody else's goes
with it.
"""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Now

from credits import free, ledger
from generation.accounts.costs import FREE
from generation.life import announcing, batch_ends, claims, events, flights, payments
from generation.life.batch_ends import ending_tasks
from generation.life.bills import total_of_task
from generation.life.claims import Claim, LeaseLost
from generation.models import Attempt, Event, Output, Task
from generation.selectors.drawn import Drawn
from generation.selectors.tasks import PREFIX
from generation.states import TASK_LIVE, AttemptState, TaskState
from genhub.lib.ids import to_wire
from genhub.lib.inserts import insert_together
from storage.services import copy_artifacts, keep_pictures, tell_operations

if TYPE_CHECKING:
    from storage.models import Artifact, Edit


class Gone(Exception):
    """A picture was deleted since it was found: nothing was written, and the order is drawn."""


def hold_pictures(found: Drawn) -> None:
    """Keep what was found until the transaction ends; raise Gone when one of it was deleted. Before any purse."""
    standing = keep_pictures(found.artifact_ids)
    if len(standing) < len(found.outputs):
        raise Gone
    for output in found.outputs:
        if artifact := output.artifact:
            artifact.review, artifact.review_reason = standing[artifact.pk]


def write_found(
    task: Task,
    attempt: Attempt,
    history: Sequence[Event],
    found: Drawn,
    hold_id: uuid.UUID | None,
    note: ledger.Note,
) -> list[Output]:
    """Write an order that is taken and ended in the moment that its rows name, in the transaction that holds its
    credits: its price is that of what was found. Note how it is paid, and return its pictures."""
    task.state, task.cached_from_id, task.cost_usd = TaskState.COMPLETED, found.task_id, FREE
    task.completed_at = task.created_at
    attempt.state, attempt.progress, attempt.cost_usd = AttemptState.SUCCEEDED, 1.0, FREE
    attempt.created_at = attempt.ended_at = task.created_at
    copies = copies_for(task, found)
    outputs = outputs_of(task, found, copies)
    said = told_of(found, task.price)
    end = Event(task_id=task.pk, attempt_id=attempt.pk, kind=Event.Kind.COMPLETED, data=said)
    pictures = [*copies, *edits_of(task, copies), *outputs]
    if len(outputs) == 1:
        insert_together([task, attempt, *history, end, *pictures])
    else:
        # Of a statement with more than fifty values the driver remembers nothing.
        insert_together([task, attempt, *history, end])
        insert_together(pictures)
    if hold_id:
        ledger.settle(hold_id, task.price, note=note)
    else:
        free.leave(task.pk)
    announcing.announce_end(task, TaskState.COMPLETED)
    return outputs


@ending_tasks()
def complete_found(claim: Claim, found: Drawn) -> None:
    """End a claimed order with what was found: capture the price of that, release the rest.

    Raises LeaseLost, or Gone, and wrote nothing then.
    """
    task = Task.objects.select_for_update().get(pk=claim.task_id)
    if task.state not in TASK_LIVE:
        raise LeaseLost
    hold_pictures(found)
    Task.objects.filter(pk=task.pk).update(
        state=TaskState.COMPLETED,
        completed_at=Now(),
        cached_from=found.task_id,
        cost_usd=total_of_task(claim.attempt_id, FREE),
    )
    captured = payments.take(task, price_of_found(task) * len(found.outputs))
    copies = copies_for(task, found)
    insert_together([*copies, *edits_of(task, copies), *outputs_of(task, found, copies)])
    said = told_of(found, captured)
    events.record(task.pk, Event.Kind.COMPLETED, attempt_id=claim.attempt_id, **said)
    announcing.announce_end(task, TaskState.COMPLETED)
    batch_ends.note(task.batch_id)
    flights.wake(task)
    # It stored nothing.
    claims.end_attempt(
        claim, AttemptState.SUCCEEDED, progress=1.0, cost_usd=FREE, needs_sweep=False
    )


def price_of_found(task: Task) -> int:
    """Return what one picture costs that was drawn before."""
    return task.unit_price if task.cached_unit_price is None else task.cached_unit_price


def copies_for(task: Task, found: Drawn) -> "list[Artifact]":
    """Return what was found as a task's own pictures, not yet written."""
    pictures = [output.artifact for output in found.outputs if output.artifact]
    return copy_artifacts(pictures, platform_id=task.platform_id, user=task.user)


def edits_of(task: Task, copies: "Sequence[Artifact]") -> "list[Edit]":
    """Return the rows, not yet written, of what its template did with what was found, as it would with new ones."""
    return tell_operations(copies, task.spec.get("operations", ()))


def outputs_of(task: Task, found: Drawn, copies: "Sequence[Artifact]") -> list[Output]:
    """Return the rows, not yet written, by which a task delivers what was found."""
    return [
        Output(
            task=task,
            position=output.position,
            seed=output.seed,
            revised_prompt=output.revised_prompt,
            artifact=copy,
        )
        for output, copy in zip(found.outputs, copies, strict=True)
    ]


def told_of(found: Drawn, captured: int) -> dict[str, Any]:
    """Return what an event says of an end with what was found."""
    earlier = to_wire(PREFIX, found.task_id)
    return {
        "count": len(found.outputs),
        "captured": captured,
        "cached_from": earlier,
    }
