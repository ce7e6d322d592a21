"""The steps of a chain, one after the other: one that is done is delivered, and the next is queued, in one transaction.

So a death takes back the step at hand alone. The hold stays as it was: what was delivered is paid when the task ends.
"""

from typing import Any

from generation.accounts import routing
from generation.accounts.routing import Route
from generation.failures import ModelGone
from generation.life import attempt_ends, claims, doorbell, events
from generation.life.batch_ends import ending_tasks
from generation.life.claims import Claim, LeaseLost
from generation.life.outputs import Stored, deliver
from generation.life.unpaid_ends import end_unpaid
from generation.models import Attempt, Event, Output, Task
from generation.states import TASK_LIVE, TaskState
from genhub.lib.ids import to_wire
from storage.selectors import PREFIX as ARTIFACT
from templates.chains import PROMISE, TAKEN


def finish(claim: Claim, stored: Stored) -> str:
    """Publish what was stored: the end of its task, or of a step that another one follows; return which. Raises
    LeaseLost, and wrote nothing then."""
    if not claim.has_next:
        attempt_ends.complete(claim, stored)
        return "completed"
    go_on(claim, stored)
    return "step_done"


@ending_tasks()
def go_on(claim: Claim, stored: Stored) -> None:
    """Deliver what a step made, and queue the next one; where nobody makes that any more, end the task with what it
    has delivered."""
    task = Task.objects.select_for_update().get(pk=claim.task_id)
    if task.state not in TASK_LIVE:
        raise LeaseLost
    deliver(task, stored)
    events.record(task.pk, Event.Kind.STEP_DONE, attempt_id=claim.attempt_id, step=task.step)
    route = take_up_next(task)
    if route is None:
        # The task and its credits come before the attempt, whose trigger locks the share.
        end_unpaid(
            task.pk, TaskState.FAILED, problem=ModelGone(model=task.model),
            spared=claim.attempt_id, cost_usd=stored.bill.cost_usd,
        )  # fmt: skip
    attempt_ends.succeed(claim, stored)
    if route:
        queue_step(task, claim, route)


def take_up_next(task: Task) -> Route | None:
    """Let a task be of its next step, and return who makes that; None: nobody does."""
    task.step += 1
    task.spec = fill_promises(task)
    task.model = task.spec["model"]
    task.save(update_fields=["step", "spec", "model"])
    return routing.choose(task.model, said=task.spec["said"], local_only=task.local_only)


def fill_promises(task: Task) -> dict[str, Any]:
    """Return the spec of a task's step with the pictures in it that earlier ones have made."""
    spec: dict[str, Any] = dict(task.chain[task.step - 1]["spec"])
    for name in TAKEN:
        if spec[name].startswith(PROMISE):
            number = int(spec[name].removeprefix(PROMISE))
            made = Output.objects.get(task=task, step=number)
            assert made.artifact_id is not None  # noqa: S101 (else the chain had ended)
            spec[name] = to_wire(ARTIFACT, made.artifact_id)
    return spec


def queue_step(task: Task, claim: Claim, route: Route) -> None:
    """Queue the first attempt of a step, in its user's place there."""
    before = Attempt.objects.select_related("share").get(pk=claim.attempt_id)
    Attempt.objects.create(
        task=task,
        number=before.number + 1,
        step=task.step,
        account=route.account,
        share=claims.share_in(route.account.queue, before.share),
        isolated=before.isolated,
    )
    events.record_route(task.pk, route)
    doorbell.ring_after_commit(route.account.queue)
