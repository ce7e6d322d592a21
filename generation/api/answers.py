"""Tasks as clients see them: the answer words of the API, nothing internal."""

import base64
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from rest_framework.request import Request

from credits.selectors import NO_HOLD, Explained, explain_holds
from generation.api.chains import answer_chain
from generation.api.usage import answer_usage
from generation.failures import TaskFailure
from generation.models import Output, Task
from generation.models.batch import PREFIX as BATCH
from generation.orders.follow import find_follow_ups
from generation.selectors.descriptions import describe_outputs, describe_picture
from generation.selectors.line import find_places
from generation.selectors.tasks import (
    describe_template,
    find_pauses,
    newest,
    progress_of,
    type_of,
    when_ended,
)
from generation.spec import LARGEST_EXACT
from generation.states import AttemptState, TaskState
from genhub.api.addresses import address_of
from genhub.api.problems import problem_body
from genhub.lib.errors import Problem, problem_of
from genhub.lib.ids import to_wire
from storage.api.reviews import answer_review
from storage.selectors import PREFIX as ARTIFACT
from storage.selectors import describe_clip, read_bytes

if TYPE_CHECKING:
    from storage.models import Artifact

MESSAGES = {
    TaskState.PENDING: lambda: _("The task waits for its turn."),
    TaskState.PROCESSING: lambda: _("The task is being worked on."),
    TaskState.COMPLETED: lambda: _("The task is completed."),
    TaskState.FAILED: lambda: _("The task failed; what was held for it was given back."),
    TaskState.CANCELED: lambda: _("The task was canceled; what was held for it was given back."),
}


def answer_tasks(
    tasks: list[Task], request: Request, holds: Mapping[uuid.UUID, Explained] | None = None
) -> list[dict[str, Any]]:
    """Return tasks in full, in a few queries for all of them; what became of their credits is read unless said."""
    if holds is None:
        holds = explain_holds([task.pk for task in tasks])
    pauses, follow_ups = find_pauses(tasks), find_follow_ups(tasks)
    return [
        {
            **answer_task(task, holds.get(task.pk), request, pauses.get(task.pk)),
            "follow_ups": [
                {"action": one.action, "parts": one.parts} for one in follow_ups.get(task.pk, ())
            ],
        }
        for task in tasks
    ]


def answer_task(
    task: Task, hold: Explained | None, request: Request, pause: Problem | None
) -> dict[str, Any]:
    """Return one task, all but what follows it."""
    attempt = newest(task)
    ended = when_ended(task)
    return {
        **answer_state(task, request, pause),
        "type": type_of(task),
        "user": task.user,
        "template": describe_template(task),
        "model": task.model,
        "provider": attempt.account.alias if attempt else None,
        "prompt": task.spec["prompt"],
        "style_preset": task.style or None,
        "style": task.spec.get("style") or None,
        "sampler": task.spec.get("sampler") or None,
        "quality": task.quality,
        "mode": task.mode or None,
        "width": task.spec["width"],
        "height": task.spec["height"],
        "steps": task.spec["steps"],
        "cfg_scale": task.spec["cfg_scale"],
        **answer_inputs(task.spec),
        "output_format": task.spec.get("output_format") or None,
        "output_compression": task.spec.get("output_compression"),
        **answer_clip(task.spec),
        "num_images": task.num_images,
        "chain": answer_chain(task),
        "batch": to_wire(BATCH, task.batch_id) if task.batch_id else None,
        "batch_index": task.batch_index,
        "metadata": task.metadata,
        "webhook": task.webhook or None,
        "subject": task.subject or None,
        "timeout": task.timeout_seconds,
        "expires_at": task.expires_at,
        "request_id": task.request_id or None,
        "result": answer_result(task, request) if has_result(task) else None,
        "processing_time": seconds(task.started_at, ended),
        "timings": {"queued": seconds(task.created_at, task.started_at), **attempt.timings}
        if attempt
        else {},
        "credits": answer_credits(task, hold),
        # Unknown is null, never 0.
        "cost_usd": None if task.cost_usd is None else float(task.cost_usd),
        "usage": answer_usage(task),
        "cached": task.cached_from_id is not None,
    }


def has_result(task: Task) -> bool:
    """Return whether a task has a result: it delivered, or staff released what had been withheld of it."""
    return task.state == TaskState.COMPLETED or any(output.shown for output in task.outputs.all())


def answer_clip(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what was ordered of a clip; of a picture, and in specs of earlier releases, nothing was."""
    return {
        "duration": spec.get("seconds"),
        "fps": spec.get("fps"),
        "resolution": spec.get("resolution") or None,
        "last_image": spec.get("last_image") or None,
        "audio": spec.get("audio", False),
    }


def answer_inputs(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what a task starts from and wears; specs of earlier releases say nothing of it."""
    image = spec.get("image") or None
    return {
        "image": image,
        "mask": spec.get("mask") or None,
        "references": spec.get("references", []),
        "strength": spec["strength"] if image else None,
        "loras": [{"name": name, "scale": scale} for name, scale in spec.get("loras", ())],
    }


def answer_preview(task: Task) -> str | None:
    """Return a task's picture under way as a data URI, or None when there is none; reads it from the attempt's row."""
    attempt = newest(task)
    if attempt is None or task.state != TaskState.PROCESSING:
        return None
    return draw_preview(attempt.preview)


def draw_preview(preview: bytes | memoryview | None) -> str | None:
    """Return a preview's bytes as a data URI, or None when there are none."""
    return f"data:image/jpeg;base64,{base64.b64encode(preview).decode()}" if preview else None


def answer_status(task: Task, request: Request) -> dict[str, Any]:
    """Return where a task stands: small enough to be polled."""
    state = answer_state(task, request, find_pauses([task]).get(task.pk))
    return {**state, "queue": answer_queue(task)}


def answer_queue(task: Task) -> dict[str, Any] | None:
    """Return where a task stands in the line, or None when it does not wait for its turn."""
    attempt = newest(task)
    if attempt is None or attempt.state != AttemptState.QUEUED:
        return None
    place = find_places([task.pk]).get(task.pk)
    return vars(place) if place else None


def answer_state(task: Task, request: Request, pause: Problem | None) -> dict[str, Any]:
    """Return where a task stands, and what keeps it waiting that is not its turn."""
    wire_id = to_wire("task", task.pk)
    paused = None if pause is None else word_problem(pause)
    return {
        "id": wire_id,
        "task_id": wire_id,
        "status": task.state,
        "message": paused["message"] if paused else MESSAGES[TaskState(task.state)](),
        "paused": paused,
        "progress": 1.0 if task.state == TaskState.COMPLETED else round(progress_of(task), 4),
        "check_status_url": address_of("task-status", wire_id, request),
        "result_url": address_of("task-result", wire_id, request),
        "cancel_url": address_of("task-cancel", wire_id, request),
        "created_at": task.created_at,
        "started_at": task.started_at,
        "completed_at": task.completed_at,
        "failed_at": task.failed_at,
        "canceled_at": task.canceled_at,
        "error": answer_error(task),
    }


def answer_result(task: Task, request: Request, *, as_base64: bool = False) -> dict[str, Any]:
    """Return what was delivered, and why each other picture was not; a clip's bytes are never in an answer."""
    outputs = list(task.outputs.all())
    images, videos, words = [], [], describe_outputs(task)
    for output in outputs:
        if (artifact := output.shown) is None:
            continue
        delivered = answer_delivered(output, request) | describe_picture(artifact, words)
        if artifact.is_clip:
            videos.append(delivered | answer_stills(artifact, request) | describe_clip(artifact))
            continue
        if as_base64:
            delivered["b64_json"] = base64.b64encode(read_bytes(artifact)).decode()
        images.append(delivered)
    return {
        "images": images,
        "image_urls": [image["url"] for image in images],
        "videos": videos,
        "video_urls": [video["url"] for video in videos],
        "count": len(images) + len(videos),
        "errors": [
            {
                "position": output.position,
                "step": output.step or None,
                **answer_seed(output.seed),
                **word(output.failure, output.error_params),
            }
            for output in outputs
            if output.failure
        ],
    }


def answer_delivered(output: Output, request: Request) -> dict[str, Any]:
    """Return a delivered file, by addresses that never die."""
    artifact = output.artifact
    assert artifact is not None  # noqa: S101 (asked for by the caller)
    wire_id = to_wire(ARTIFACT, artifact.pk)
    return {
        "id": wire_id,
        "step": output.step or None,
        "url": address_of("artifact", wire_id, request),
        "thumbnail_url": address_of("artifact-thumbnail", wire_id, request),
        "width": artifact.width,
        "height": artifact.height,
        **answer_seed(output.seed),
        "sha256": artifact.sha256,
        "content_type": artifact.content_type,
        "size_bytes": artifact.size_bytes,
        "revised_prompt": output.revised_prompt or None,
        "review": answer_review(artifact),
        "favourite": artifact.favourite_at is not None,
        "refunded": output.refunded,
    }


def answer_stills(artifact: "Artifact", request: Request) -> dict[str, Any]:
    """Return where the poster and the preview of a clip are, by addresses that never die; null for one without."""
    wire_id = to_wire(ARTIFACT, artifact.pk)
    keys = {"poster": artifact.poster_key, "preview": artifact.preview_key}
    return {
        f"{name}_url": address_of(f"artifact-{name}", wire_id, request) if key else None
        for name, key in keys.items()
    }


def answer_seed(seed: int | None) -> dict[str, Any]:
    """Return a seed as a number, and as text where a reader that knows floats only would round it; null: not known."""
    is_long = seed is not None and seed > LARGEST_EXACT
    return {"seed": seed, "seed_text": str(seed) if is_long else None}


def answer_credits(task: Task, hold: Explained | None) -> dict[str, Any]:
    """Return the price of a task with what decided it, and what became of the credits held for it, line by line."""
    found = hold or Explained(NO_HOLD, [])
    return {
        "price": task.price,
        **vars(found.hold),
        "lines": found.lines,
        "pricing": task.pricing or None,
    }


def answer_error(task: Task) -> dict[str, Any] | None:
    """Return why a task failed, worded now for this reader."""
    return word(task.error_code, task.error_params) if task.error_code else None


def word(code: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return a stored failure in the reader's language."""
    return word_problem(problem_of(code, params, TaskFailure)) | {"code": code}


def word_problem(problem: Problem) -> dict[str, Any]:
    """Return a problem in the reader's language, as a task tells of it."""
    body = problem_body(problem)
    return {"code": problem.code, "message": body["detail"], "title": body["title"]}


def seconds(start: Any, end: Any) -> float | None:
    """Return the seconds between two times, or None while one is missing."""
    return round((end - start).total_seconds(), 4) if start and end else None
