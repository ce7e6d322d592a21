"""What apps are told of a task: at its first claim and at its end, in the transaction that makes it true.

The payload is as it was then. Its links never die: each leads to a fresh one whenever it is read.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation

from credits.selectors import NO_HOLD, view_holds
from generation.failures import TaskFailure
from generation.life import doorbell
from generation.models import Output, Task
from generation.models.batch import PREFIX as BATCH
from generation.selectors.descriptions import describe_outputs, describe_picture
from generation.selectors.tasks import PREFIX, describe_template, type_of, when_ended
from generation.states import TASK_ENDS, TaskState
from genhub.api.problems import problem_body
from genhub.lib.errors import problem_of
from genhub.lib.ids import to_wire
from genhub.webhooks import outbox
from genhub.webhooks.models import ENDS, EventType
from genhub.webhooks.outbox import News, write_time
from storage.selectors import PREFIX as ARTIFACT
from storage.selectors import describe_clip

if TYPE_CHECKING:
    from storage.models import Artifact

EVENTS: Final = {
    TaskState.PROCESSING: EventType.PROCESSING,
    TaskState.COMPLETED: EventType.COMPLETED,
    TaskState.FAILED: EventType.FAILED,
    TaskState.CANCELED: EventType.CANCELED,
}
# Deliveries come in any order: what has the larger number is the newer news of a task.
SEQUENCE: Final = {state: 2 if state in TASK_ENDS else 1 for state in EVENTS}


def announce_end(task: Task, state: TaskState) -> None:
    """Tell of a task that has just ended so; the caller's row may be of before, and is read anew if anybody asks."""
    tell([task], state, lambda: read(Task.objects.filter(pk=task.pk)).get())


def announce_start(tasks: Sequence[Task]) -> None:
    """Tell of tasks that were just claimed for the first time."""
    if tasks:
        tell(tasks, TaskState.PROCESSING)


def read(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Return tasks with what is told of each."""
    return tasks.select_related("platform", "template_version__template")


def tell(
    tasks: Sequence[Task], state: TaskState, read_anew: Callable[[], Task] | None = None
) -> None:
    """Write what happened to tasks of one state to whoever asks for it, and ring after the commit."""
    event = EVENTS[state]
    asking = outbox.find_receivers({task.platform_id for task in tasks}, event)
    for task in tasks:
        own_url = task.webhook if event in ENDS else ""
        receivers = outbox.list_receivers(asking.get(task.platform_id, ()), own_url)
        if receivers:
            told = read_anew() if read_anew else task
            news = News(event, told.pk, moment_of(told), describe(told))
            outbox.write(told.platform_id, news, receivers, traceparent=told.traceparent)
            doorbell.ring_after_commit(outbox.QUEUE)


def moment_of(task: Task) -> Any:
    """Return when a task came to its state."""
    return when_ended(task) or task.started_at


def describe(task: Task) -> dict[str, Any]:
    """Return a task as apps are told of it, worded in its platform's language."""
    wire_id = to_wire(PREFIX, task.pk)
    outputs = list(Output.objects.filter(task=task).select_related("artifact"))
    told: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    with translation.override(task.platform.language):
        words = describe_outputs(task)
        for output in outputs:
            if artifact := output.shown:
                told[artifact.is_clip].append(
                    describe_output(output) | describe_picture(artifact, words)
                )
    images, videos = told[False], told[True]
    hold = view_holds([task.pk]).get(task.pk, NO_HOLD)
    with translation.override(task.platform.language):
        error = word(task.error_code, task.error_params)
        errors = [
            {
                "position": output.position,
                "step": output.step or None,
                **(word(output.failure, output.error_params) or {}),
            }
            for output in outputs
            if output.failure
        ]
    return {
        "id": wire_id,
        "status": task.state,
        "sequence": SEQUENCE[TaskState(task.state)],
        "platform": task.platform.code,
        "user": task.user,
        "type": type_of(task),
        "template": describe_template(task),
        "model": task.model,
        "metadata": task.metadata,
        "batch": to_wire(BATCH, task.batch_id) if task.batch_id else None,
        "request_id": task.request_id or None,
        "num_images": task.num_images,
        "images": images,
        "videos": videos,
        "count": len(images) + len(videos),
        "errors": errors,
        "credits": {"price": task.price, **vars(hold)},
        "cached": task.cached_from_id is not None,
        "cost_usd": None if task.cost_usd is None else float(task.cost_usd),
        "error": error,
        "status_url": address("task-status", wire_id),
        "result_url": address("task-result", wire_id),
        "created_at": write_time(task.created_at),
        "started_at": write_time(task.started_at) if task.started_at else None,
        "ended_at": write_time(moment_of(task)) if task.state in TASK_ENDS else None,
    }


def describe_output(output: Output) -> dict[str, Any]:
    """Return a delivered picture or clip, with addresses that lead to a fresh link."""
    artifact = output.artifact
    assert artifact is not None  # noqa: S101 (asked for by the caller)
    wire_id = to_wire(ARTIFACT, artifact.pk)
    return {
        "id": wire_id,
        "url": address("artifact", wire_id),
        "thumbnail_url": address("artifact-thumbnail", wire_id),
        "position": output.position,
        "step": output.step or None,
        "width": artifact.width,
        "height": artifact.height,
        "seed": output.seed,
        "sha256": artifact.sha256,
        "content_type": artifact.content_type,
        "size_bytes": artifact.size_bytes,
        **(tell_clip(artifact) if artifact.is_clip else {}),
    }


def tell_clip(artifact: "Artifact") -> dict[str, Any]:
    """Return what a clip is, and where its poster and its preview are; null for one without."""
    wire_id = to_wire(ARTIFACT, artifact.pk)
    return {
        "poster_url": address("artifact-poster", wire_id) if artifact.poster_key else None,
        "preview_url": address("artifact-preview", wire_id) if artifact.preview_key else None,
        **describe_clip(artifact),
    }


def address(name: str, wire_id: str) -> str:
    """Return an address of the API as the world has it."""
    return f"{settings.PUBLIC_URL}{reverse(name, args=[wire_id])}"


def word(code: str, params: dict[str, Any]) -> dict[str, str] | None:
    """Return a stored failure in the language that is on, or None where there is none."""
    if not code:
        return None
    body = problem_body(problem_of(code, params, TaskFailure))
    return {"code": code, "title": body["title"], "message": body["detail"]}


def ring_deliveries() -> bool:
    """Ring for the sender when something is due; lost bells end here, and what is tried again begins here."""
    return outbox.is_due() and doorbell.ring(outbox.QUEUE)
