"""Tasks of clips as OpenAI's clients read them: videos."""

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.request import Request

from generation.api.compat.openai.refusals import word_error
from generation.api.compat.openai.tasks import STATUSES
from generation.api.compat.openai.video_words import THEIRS
from generation.api.views import get_task, read_user
from generation.errors import NoResult
from generation.failures import TaskFailure
from generation.models import Task
from generation.orders.clips import CLIP
from generation.selectors.tasks import (
    find_tasks,
    last_spec,
    makes,
    progress_of,
    type_of,
    when_ended,
)
from generation.states import TASK_LIVE, TaskState
from genhub.api.pages import DEFAULT_PAGE, LARGEST_PAGE, FittingNewestFirst
from genhub.lib.errors import NotFound, Problem, gettext_noop, problem_of
from genhub.lib.ids import to_wire
from genhub.platforms.authentication import caller_of

if TYPE_CHECKING:
    from storage.models import Artifact

DONE, FAILED, PERCENT = "completed", "failed", 100
ORDERS = ("asc", "desc")


class PageSerializer(serializers.Serializer[Any]):
    """Which of the caller's videos a list is asked for."""

    after = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_PAGE)
    order = serializers.ChoiceField(ORDERS, required=False)


def get_clip_task(request: Request, wire_id: str) -> Task:
    """Return one of the caller's tasks of clips, or raise NotFound: what makes a picture is no video."""
    task = get_task(request, wire_id)
    if type_of(task) != CLIP:
        raise NotFound(thing=gettext_noop("task"))
    return task


def find_clip(task: Task) -> "Artifact | None":
    """Return the clip of a task that its owner may see, None where there is none."""
    shown = (output.shown for output in task.outputs.all())
    return next((artifact for artifact in shown if artifact and artifact.is_clip), None)


def explain_missing(task: Task) -> Problem | None:
    """Return why a task that has ended has no clip; None where it has one, or is under way."""
    if task.state in TASK_LIVE or find_clip(task):
        return None
    if task.state == TaskState.FAILED:
        return problem_of(task.error_code, task.error_params, TaskFailure)
    for output in task.outputs.all():
        if output.failure:
            return problem_of(output.failure, output.error_params, TaskFailure)
    return NoResult(state=task.state)


def answer_video(task: Task) -> dict[str, Any]:
    """Return a task as a video. `completed` means that there is a clip, whatever became of it on the way; its length
    is the one that was ordered, its size that of the clip itself once there is one."""
    clip, missing = find_clip(task), explain_missing(task)
    ended_at, spec = when_ended(task), last_spec(task)
    width, height = (clip.width, clip.height) if clip else (spec["width"], spec["height"])
    wire_id = to_wire("task", task.pk)
    return {
        "id": wire_id,
        # Relays of new-api's kind look for it here.
        "task_id": wire_id,
        "object": "video",
        "created_at": int(task.created_at.timestamp()),
        "completed_at": int(ended_at.timestamp()) if clip and ended_at else None,
        # Clips have no age: they are not deleted.
        "expires_at": None,
        "model": task.model,
        "status": DONE if clip else STATUSES.get(TaskState(task.state), FAILED),
        "progress": PERCENT if clip else count_percent(task),
        "prompt": task.spec["prompt"],
        "seconds": str(spec["seconds"]),
        "size": f"{width}x{height}",
        "remixed_from_video_id": None,
        "error": word_failure(missing) if missing else None,
    }


def count_percent(task: Task) -> int:
    """Return how far a task is that has no clip yet."""
    return min(int(progress_of(task) * PERCENT), PERCENT - 1)


def word_failure(problem: Problem) -> dict[str, Any]:
    """Return why there is no clip, in OpenAI's code and the reader's language."""
    _status, error = word_error(problem, THEIRS)
    return {"code": error["code"], "message": error["message"]}


def answer_page(request: Request) -> dict[str, Any]:
    """Return one page of the caller's videos, newest first unless asked otherwise.

    No index holds clips alone, so a page looks at so many tasks at most; one that ends there says `has_more` and goes
    on after `last_id`, a task that it looked at.
    """
    serializer = PageSerializer(data=request.query_params)
    serializer.is_valid(raise_exception=True)
    said = serializer.validated_data
    limit, is_ascending = said.get("limit", DEFAULT_PAGE), said.get("order") == "asc"
    tasks = find_tasks(caller_of(request).platform.pk, read_user(request))
    after = get_task(request, said["after"]).pk if "after" in said else None
    looked = FittingNewestFirst(tasks)
    looked.is_reverse = is_ascending
    edge = looked.find_edge(after)
    further, until = ("pk__gt", "pk__lte") if is_ascending else ("pk__lt", "pk__gte")
    bounds = {name: at for name, at in ((further, after), (until, edge)) if at}
    clips = tasks.filter(makes(CLIP), **bounds)
    found = list(clips.order_by("pk" if is_ascending else "-pk")[: limit + 1])
    page, is_full = found[:limit], len(found) > limit
    last = page[-1].pk if page and (is_full or not edge) else edge
    return {
        "object": "list",
        "data": [answer_video(task) for task in page],
        "first_id": to_wire("task", page[0].pk) if page else None,
        "last_id": to_wire("task", last) if last else None,
        "has_more": is_full or edge is not None,
    }
