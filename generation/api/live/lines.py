"""Events as bytes of a stream: made once for all who read in the same words."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.utils import translation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from generation.api import answers
from generation.api.live.watch import Reader
from generation.models import Task
from generation.selectors.events import Told
from generation.selectors.line import Place
from generation.selectors.tasks import done_of_chain, read_whole, when_ended
from genhub.lib.ids import to_wire

HEARTBEAT = b":\n\n"


@dataclass(frozen=True)
class Line:
    """One event, in the words of each reader."""

    told: Told
    texts: dict[Reader, bytes]


@dataclass(frozen=True)
class Step:
    """How far a task is: nothing that is missed matters, since the next says it all."""

    task_id: uuid.UUID
    platform_id: uuid.UUID
    user: str
    bare: bytes
    with_preview: bytes
    # From 0 to 1, and the picture as a data URI.
    progress: float
    preview: str | None


def make_lines(told: list[Told], readers: Iterable[Reader]) -> list[Line]:
    """Return events as lines; as many queries for one as for all of them and their readers."""
    tasks = list(read_whole(Task.objects.filter(pk__in={each.task_id for each in told})))
    lines = [Line(each, {}) for each in told]
    for reader in readers:
        with translation.override(reader.language):
            # Of a request, an answer wants the address alone.
            words = answers.answer_tasks(tasks, cast("Request", reader))
        by_id = {task.pk: answer for task, answer in zip(tasks, words, strict=True)}
        for line in lines:
            line.texts[reader] = word_event(line.told, by_id[line.told.task_id])
    return lines


def word_event(told: Told, task: dict[str, Any]) -> bytes:
    """Return one event with its id."""
    data = {"event": told.name, **name_task(told), "at": told.at, "task": task}
    return frame(told.name, data, position=told.position)


def word_past(task: Task, reader: Reader, *, position: int) -> bytes:
    """Return the end of a task whose events are gone, with an id after which there is nothing of it."""
    with translation.override(reader.language):
        [answer] = answers.answer_tasks([task], cast("Request", reader))
    name = f"task.{task.state}"
    ended_at = when_ended(task)
    data = {
        "event": name,
        "task_id": to_wire("task", task.pk),
        "user": task.user,
        "at": ended_at,
        "task": answer,
    }
    return frame(name, data, position=position)


def make_step(row: Mapping[str, Any]) -> Step:
    """Return an attempt's progress as a line without an id."""
    task_id = row["task_id"]
    done = done_of_chain(row["task__step"], len(row["task__chain"]), row["progress"])
    data = {
        "event": "task.progress",
        "task_id": to_wire("task", task_id),
        "user": row["task__user"],
        "progress": round(done, 4),
    }
    bare = frame("task.progress", data)
    preview = answers.draw_preview(row["preview"])
    return Step(
        task_id,
        row["task__platform_id"],
        row["task__user"],
        bare,
        frame("task.progress", data | {"preview": preview}),
        done,
        preview,
    )


def make_place(task_id: uuid.UUID, user: str | None, place: Place) -> bytes:
    """Return where a waiting task stands as a line without an id."""
    data = {
        "event": "task.queue",
        "task_id": to_wire("task", task_id),
        "user": user,
        "queue": vars(place),
    }
    return frame("task.queue", data)


def name_task(told: Told) -> dict[str, str]:
    """Return whose event it is."""
    return {"task_id": to_wire("task", told.task_id), "user": told.user}


def frame(name: str, data: dict[str, Any], *, position: int | None = None) -> bytes:
    """Return one event as it is sent; JSON has no line breaks of its own."""
    place = b"" if position is None else b"id: %d\n" % position
    return b"%sevent: %s\ndata: %s\n\n" % (place, name.encode(), JSONRenderer().render(data))


def greet(position: int | None) -> bytes:
    """Return how a stream begins: when to come again, and from where on if nothing happens until then."""
    place = b"" if position is None else b"id: %d\n" % position
    return b"retry: 2000\n%s\n" % place
