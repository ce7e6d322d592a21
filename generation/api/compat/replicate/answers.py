"""Tasks as Replicate's clients read them: predictions."""

from typing import Any

from rest_framework.request import Request
from rest_framework.reverse import reverse

from generation.api.answers import answer_error, answer_inputs, has_result, seconds
from generation.api.compat.replicate.words import THEIRS
from generation.models import Task
from generation.selectors.tasks import when_ended
from generation.states import TaskState
from genhub.lib.ids import to_wire
from storage.selectors import sign_link

STARTING = "starting"
STATUSES = {
    TaskState.PENDING: STARTING,
    TaskState.PROCESSING: "processing",
    TaskState.COMPLETED: "succeeded",
    TaskState.FAILED: "failed",
    TaskState.CANCELED: "canceled",
}
OWNER = "genhub"
# Of a spec, what a client may have said.
SAID = ("prompt", "negative_prompt", "width", "height", "steps", "cfg_scale", "style", "sampler")


def answer_prediction(task: Task, request: Request) -> dict[str, Any]:
    """Return a task as a prediction."""
    wire_id = to_wire("task", task.pk)
    error = answer_error(task)
    ended_at = when_ended(task)
    return {
        "id": wire_id,
        "model": f"{OWNER}/{task.model}",
        "version": task.model,
        "status": STATUSES[TaskState(task.state)],
        "input": answer_input(task),
        "output": list_links(task, request) if has_result(task) else None,
        "logs": "",
        "error": error["message"] if error else None,
        "metrics": answer_metrics(task, ended_at),
        "data_removed": False,
        "source": "api",
        "created_at": task.created_at,
        "started_at": task.started_at,
        "completed_at": ended_at,
        "urls": {
            "get": reverse("replicate-prediction", [wire_id], request=request),
            "cancel": reverse("replicate-cancel", [wire_id], request=request),
        },
    }


def answer_input(task: Task) -> dict[str, Any]:
    """Return what was ordered, in the words of its clients; nothing of what nobody said."""
    said = {name: task.spec.get(name) for name in SAID} | answer_inputs(task.spec)
    said["num_images"] = task.num_images
    return {
        THEIRS.get(name, name): value for name, value in said.items() if value not in (None, "", [])
    }


def list_links(task: Task, request: Request) -> list[str]:
    """Return a link to each picture that was delivered; each opens for anybody, for some minutes."""
    return [
        request.build_absolute_uri(sign_link(output.shown))
        for output in task.outputs.all()
        if output.shown
    ]


def answer_metrics(task: Task, ended_at: Any) -> dict[str, float]:
    """Return how long it took, in seconds, as far as that is known."""
    found = {
        "predict_time": seconds(task.started_at, ended_at),
        "total_time": seconds(task.created_at, ended_at),
    }
    return {name: value for name, value in found.items() if value is not None}


def answer_version(name: str) -> dict[str, Any]:
    """Return a model's one version, as far as clients look at it: its output is a list of links. Since when there is
    one nobody noted, and clients want a time."""
    schemas = {"Output": {"type": "array", "items": {"type": "string", "format": "uri"}}}
    return {
        "id": name,
        "created_at": "1970-01-01T00:00:00Z",
        "cog_version": "0.16.0",
        "openapi_schema": {"components": {"schemas": schemas}},
    }
