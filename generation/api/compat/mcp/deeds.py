"""What each tool does: one request of the API, and of an order a wait for its end."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from generation.api.answers import MESSAGES
from generation.api.compat.mcp.calls import Answer, Api
from generation.api.compat.mcp.words import (
    USUAL_SECONDS,
    NoWords,
    OrderSerializer,
    TaskSerializer,
    UserSerializer,
    WaitSerializer,
)
from generation.api.live.board import Stream
from generation.api.live.watch import Watch
from generation.states import TASK_ENDS, TaskState
from genhub.api.fields import StrictSerializer
from genhub.api.problems import flatten
from genhub.lib.errors import InvalidRequest, Problem
from genhub.lib.ids import from_wire, to_wire
from genhub.lib.waits import Wait

API = "/api/v1"
ORDERS, TASKS = f"{API}/generate", f"{API}/tasks"
TASK = "task"

# Takes how far an order is, from 0 to 1, and what that means.
Report = Callable[[float, str], Awaitable[None]]
Look = Callable[[], Awaitable[Answer]]


@dataclass(frozen=True)
class Talk:
    """One call of a tool: the API with its key, whose events it may follow, and who is told of progress."""

    api: Api
    watch: Watch
    report: Report


async def generate_image(talk: Talk, said: dict[str, Any]) -> Answer:
    """Order, and wait for the end."""
    besides = set(OrderSerializer().get_fields())
    own = {name: value for name, value in said.items() if name in besides}
    words = {name: value for name, value in said.items() if name not in besides}
    checked = read_words(OrderSerializer, own)
    key = checked.get("idempotency_key")
    answer = await talk.api.write(ORDERS, words, idempotency_key=key)
    if answer.is_refusal:
        return answer
    seconds = checked.get("wait_seconds", USUAL_SECONDS)
    waited = Wait(str(from_wire(TASK, answer.body["id"])), seconds)
    return await wait(talk, answer, seconds, lambda: talk.api.write(ORDERS, {}, waited=waited))


async def get_task(talk: Talk, said: dict[str, Any]) -> Answer:
    """Read a task, at once unless the assistant would wait."""
    checked = read_words(WaitSerializer, said)
    path = path_of(checked["task_id"])
    answer = await talk.api.read(path)
    return await wait(talk, answer, checked.get("wait_seconds", 0), lambda: talk.api.read(path))


async def cancel_task(talk: Talk, said: dict[str, Any]) -> Answer:
    """Cancel a task."""
    checked = read_words(TaskSerializer, said)
    return await talk.api.write(f"{path_of(checked['task_id'])}/cancel", {})


async def list_templates(talk: Talk, said: dict[str, Any]) -> Answer:
    """List what can be ordered by name."""
    read_words(NoWords, said)
    return await talk.api.read(f"{API}/templates")


async def get_credits(talk: Talk, said: dict[str, Any]) -> Answer:
    """Read a balance."""
    return await talk.api.read(f"{API}/credits", **read_words(UserSerializer, said))


DEEDS: dict[str, Callable[[Talk, dict[str, Any]], Awaitable[Answer]]] = {
    deed.__name__: deed
    for deed in (generate_image, get_task, cancel_task, list_templates, get_credits)
}


def read_words(kind: type[StrictSerializer], said: dict[str, Any]) -> dict[str, Any]:
    """Return what was said; raise naming each word that is wrong."""
    try:
        return dict(kind().run_validation(said))
    except ValidationError as error:
        raise InvalidRequest(errors=list(flatten(error.detail))) from None


def path_of(task_id: str) -> str:
    """Return a task's address; what is no id leads to nobody's task, and nowhere else."""
    return f"{TASKS}/{to_wire(TASK, from_wire(TASK, task_id))}"


async def wait(talk: Talk, answer: Answer, seconds: int, look: Look) -> Answer:
    """Return a task as it stands at its end, or after so many seconds."""
    if answer.is_refusal or has_ended(answer) or not seconds:
        return answer
    task_id, user = from_wire(TASK, answer.body["id"]), answer.body["user"]
    try:
        stream = await talk.api.hub.events.open(replace(talk.watch, task_id=task_id, user=user))
    except Problem:
        # As many follow something as may: whoever ordered is told of the order all the same.
        return answer
    try:
        # It may have ended before anybody listened.
        seen = await look()
        if not seen.is_refusal and not has_ended(seen):
            await follow(stream, seconds, talk)
            seen = await look()
    finally:
        talk.api.hub.events.board.close(stream)
    # It was taken, whatever became of the key meanwhile.
    return answer if seen.is_refusal else seen


def has_ended(answer: Answer) -> bool:
    """Return whether a task was answered that goes on no more."""
    return answer.body.get("status") in TASK_ENDS


async def follow(stream: Stream, seconds: int, talk: Talk) -> None:
    """Tell of each step until the task ends or time is up; what is told rises."""
    told = -1.0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not stream.is_over:
                await stream.wake.wait()
                for event in read_events(stream.take()):
                    done, message = word_step(event, talk.watch.reader.language)
                    if done > told:
                        told = done
                        await talk.report(done, message)


def read_events(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield the events of a piece of a stream."""
    for line in data.split(b"\n"):
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def word_step(event: dict[str, Any], language: str) -> tuple[float, str]:
    """Return how far a task is by one of its events, and in words."""
    if task := event.get("task"):
        return task["progress"], task["message"]
    with translation.override(language):
        if place := event.get("queue"):
            return 0.0, _("Number %(position)s in the queue.") % place
        return event["progress"], MESSAGES[TaskState.PROCESSING]()
