"""Orders that were taken at a door that answers with pictures: how they are found, and why there is no answer."""

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from generation.api import problems, waits
from generation.api.answers import has_result
from generation.api.views import get_task
from generation.errors import NoResult
from generation.failures import TaskFailure
from generation.models import Task
from generation.orders.maker import lack_model
from generation.selectors.delivered import find_with_pictures, has_ended
from generation.states import TASK_LIVE, TaskState
from genhub.lib.errors import NotFound, Problem, gettext_noop, problem_of
from genhub.lib.ids import to_wire
from genhub.lib.waits import DONE, MEANT
from genhub.platforms.authentication import caller_of

# Names the task that an answer is about; by it a refusal, too, knows that an order was taken.
TASK: Final = "x-genhub-task"
# Says to OpenAI's clients whether they may send it again by themselves.
SHOULD_RETRY: Final = "x-should-retry"


class StillUnderWay(Problem):
    """The order was taken, and there is nothing to answer yet."""

    code = "task_under_way"
    status = 504
    title = gettext_noop("The pictures are still being made")
    detail = gettext_noop(
        "The order was taken and goes on: fetch it by GET /api/v1/tasks/%(task)s. Do not order again."
    )


# A model that there is not, as an order meets it: some dialects have a status of their own for that.
LACKS_MODEL: Final = partial(lack_model, "z-image-small")
# What a door refuses that answers with pictures: of an order that has ended, and of one that it takes itself.
ENDED: Final = (*problems.FAILED, NoResult)
DRAWN: Final = (*problems.ORDER, *ENDED, StillUnderWay)


def find_taken(request: Request, task_id: uuid.UUID) -> Task:
    """Return a task of the caller's whose order was taken; whatever is refused from now on names it."""
    wire_id = request.META[TASK] = to_wire("task", task_id)
    return get_task(request, wire_id)


def find_end(request: Request, task_id: uuid.UUID) -> Task:
    """Return a task of the caller's that has ended well; raise StillUnderWay, or why it ended otherwise."""
    wire_id = request.META[TASK] = to_wire("task", task_id)
    if DONE not in request.META and not has_ended(task_id):
        # As a rule, of what was ordered just now: it is read once it has ended.
        raise StillUnderWay(task=wire_id)
    caller = caller_of(request)
    task = find_with_pictures(caller.platform.pk, caller.user_for_read(None), task_id)
    if task is None:
        raise NotFound(thing=gettext_noop("task"))
    if task.state not in TASK_LIVE:
        # It has ended: what was to be waited for is let go.
        waits.settle(request, Response(), state=task.state, seconds=None)
    check_ended(task)
    return task


def check_ended(task: Task) -> None:
    """Raise why a task has no pictures; one that failed may have some that staff released."""
    if task.state in TASK_LIVE:
        raise StillUnderWay(task=to_wire("task", task.pk))
    if has_result(task):
        return
    if task.state == TaskState.FAILED:
        raise problem_of(task.error_code, task.error_params, TaskFailure)
    raise NoResult(state=task.state)


def word_mistakes(body: Mapping[str, Any], name_of: Callable[[str], str]) -> list[str]:
    """Return what is wrong by a problem's body, a sentence for each field as its caller calls it: some clients show
    nothing else. Two fields of ours that are one of the caller's say the same once."""
    said = (
        f"{name_of(error['field'])}: {error['message']}".removeprefix(": ")
        for error in body["errors"]
    )
    return list(dict.fromkeys(said))


def mean_refusal(request: Request) -> None:
    """Let a refusal that follows an order be the answer, also in place of one that waits."""
    if request.META.keys() & {DONE, TASK}:
        request.META[MEANT] = True
