"""How orders stand on pages: states as coloured words, pictures as links, failures in words."""

import base64
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from generation.failures import TaskFailure
from generation.models import Attempt, Output, Task
from generation.selectors.costs import plain
from generation.selectors.tasks import find_pauses, newest, progress_of
from generation.states import TASK_LIVE, AttemptState, TaskState
from genhub.admin.pages import on_this_site, word
from genhub.admin.show import badge
from genhub.lib.errors import problem_of
from storage.selectors import sign_download, sign_link, sign_poster

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


CENT = Decimal("0.01")


@dataclass(frozen=True)
class Picture:
    """One output of a task as a page shows it: links on this site, or why there is none."""

    position: int
    seed: int | None
    link: str
    thumbnail: str
    size: str
    failure: str
    is_clip: bool = False
    # Of a clip.
    poster: str = ""
    artifact_id: uuid.UUID | None = None
    # A link that saves it under its own name.
    download: str = ""


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
    artifact = output.shown
    if artifact is None:
        failure = word_failure(output.failure, output.error_params)
        return Picture(output.position, output.seed, "", "", "", failure)
    return Picture(
        position=output.position,
        seed=output.seed,
        link=on_this_site(sign_link(artifact)),
        thumbnail=on_this_site(sign_link(artifact, thumbnail=True)),
        size=size_of(artifact),
        failure="",
        is_clip=artifact.is_clip,
        poster=on_this_site(sign_poster(artifact)) if artifact.is_clip else "",
        artifact_id=artifact.pk,
        download=on_this_site(sign_download(artifact)),
    )


def size_of(artifact: Any) -> str:
    """Return how large a picture is; of a clip also how long, how fast, in which codec, and whether it sounds."""
    size = f"{artifact.width} × {artifact.height}"
    if not artifact.is_clip:
        return size
    told = {"seconds": f"{artifact.seconds:g}", "fps": f"{artifact.fps:g}", "codec": artifact.codec}
    sound = gettext("with sound") if artifact.has_audio else gettext("silent")
    facts = gettext("%(seconds)s s, %(fps)s frames a second, %(codec)s") % told
    return f"{size} · {facts}, {sound}"


@dataclass(frozen=True)
class Progress:
    """How far a task that has not ended is: percent, a small picture of the state, and what keeps it from going on."""

    percent: int
    preview: str
    pause: str


def view_progress(task: Task) -> Progress | None:
    """Return how far a task is, or None when it has ended."""
    if task.state not in TASK_LIVE:
        return None
    attempt = newest(task)
    is_running = attempt is not None and attempt.state == AttemptState.RUNNING
    pause = find_pauses([task]).get(task.pk)
    return Progress(
        percent=round(100 * progress_of(task)) if is_running or task.step > 1 else 0,
        preview=data_uri(attempt.preview) if attempt and attempt.preview else "",
        pause=word(pause) if pause else "",
    )


def data_uri(jpeg: bytes | memoryview) -> str:
    """Return a small JPEG as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def word_failure(code: str, params: dict[str, Any]) -> str:
    """Return a stored failure in the reader's language."""
    return word(problem_of(code, params, TaskFailure))


def show_usd(usd: Decimal | None) -> str:
    """Return an amount: to the cent, and a smaller one to a millionth; a word where it is not known."""
    if usd is None:
        return gettext("not known")
    if usd == 0 or abs(usd) >= 1:
        return f"{usd.quantize(CENT):f}"
    text = plain(usd)
    return text if len(text.partition(".")[2]) >= 2 else f"{usd.quantize(CENT):f}"  # noqa: PLR2004
