"""How orders stand on pages: states as coloured words, pictures as links, failures in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from generation.errors import TaskFailure
from generation.models import Attempt, Output, Task
from generation.states import AttemptState, TaskState
from genhub.admin.pages import on_this_site, word
from genhub.admin.show import badge
from genhub.lib.errors import problem_of
from storage.selectors import sign_link

TASK_COLOURS = {
    TaskState.PENDING: "",
    TaskState.PROCESSING: "info",
    TaskState.COMPLETED: "success",
    TaskState.FAILED: "danger",
    TaskState.CANCELED: "warning",
}
ATTEMPT_COLOURS = {
    AttemptState.RUNNING: "info",
    AttemptState.WAITING: "info",
    AttemptState.UNKNOWN: "warning",
    AttemptState.SUCCEEDED: "success",
    AttemptState.FAILED: "danger",
    AttemptState.ABANDONED: "danger",
    AttemptState.CANCELED: "warning",
}


@dataclass(frozen=True)
class Picture:
    """One output of a task as a page shows it: links on this site, or why there is none."""

    position: int
    seed: int
    link: str
    thumbnail: str
    size: str
    failure: str


def task_badge(task: Task) -> SafeString:
    """Return a task's state as a coloured word."""
    return badge(task.get_state_display(), TASK_COLOURS[TaskState(task.state)])


def attempt_badge(attempt: Attempt) -> SafeString:
    """Return an attempt's state as a coloured word."""
    return badge(attempt.get_state_display(), ATTEMPT_COLOURS.get(AttemptState(attempt.state), ""))


def list_pictures(outputs: Iterable[Output]) -> list[Picture]:
    """Return the outputs of a task with fresh signed links."""
    return [picture_of(output) for output in outputs]


def picture_of(output: Output) -> Picture:
    """Return one output with fresh signed links."""
    artifact = output.artifact
    if artifact is None:
        failure = word_failure(output.error_code, output.error_params)
        return Picture(output.position, output.seed, "", "", "", failure)
    return Picture(
        position=output.position,
        seed=output.seed,
        link=on_this_site(sign_link(artifact)),
        thumbnail=on_this_site(sign_link(artifact, thumbnail=True)),
        size=f"{artifact.width} × {artifact.height}",
        failure="",
    )


def word_failure(code: str, params: dict[str, Any]) -> str:
    """Return a stored failure in the reader's language."""
    return word(problem_of(code, params, TaskFailure))
