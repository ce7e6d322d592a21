"""Pictures as events of OpenAI's: how far they are, then what they are. Served by the events process."""

import logging
import uuid
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils import translation
from rest_framework import serializers
from rest_framework.request import Request

from generation.api.compat.ends import SHOULD_RETRY, TASK, check_ended
from generation.api.compat.openai.pictures import (
    describe,
    in_base64,
    list_delivered,
    quality_of,
)
from generation.api.compat.openai.refusals import word_error
from generation.api.compat.openai.words import MOST_PARTIALS
from generation.api.live.lines import Step, frame
from generation.api.live.refusals import RETRY_AFTER, EventsAway
from generation.api.live.watch import Reader
from generation.models import Task
from generation.selectors.tasks import read_whole
from genhub.api.problems import as_problem
from genhub.lib.errors import Problem
from genhub.lib.ids import to_wire
from genhub.lib.waits import OFFER, STREAM, Streamed
from genhub.platforms.authentication import ScopeMissing, caller_of
from genhub.platforms.models import Scope

logger = logging.getLogger(__name__)

PREVIEW: Final = "data:image/jpeg;base64,"


class PartialsSerializer(serializers.Serializer[Any]):
    """The word of a stream, as its address has it."""

    partial_images = serializers.IntegerField(required=False, min_value=0, max_value=MOST_PARTIALS)


def read_partials(request: Request) -> int:
    """Return how many pictures under way the address of a stream asks for."""
    serializer = PartialsSerializer(data=request.query_params)
    serializer.is_valid(raise_exception=True)
    return int(serializer.validated_data.get("partial_images", 0))


def check_streams(request: Request) -> None:
    """Raise unless this caller's order can be answered as a stream, before it is taken."""
    if OFFER not in request.META:
        raise EventsAway(headers=RETRY_AFTER)
    if Scope.TASKS_READ not in caller_of(request).scopes:
        raise ScopeMissing(scope=str(Scope.TASKS_READ))


def hand_over(request: Request, task_id: uuid.UUID, partial_images: int) -> None:
    """Have the events process answer a request in this one's place."""
    address = reverse("openai-stream", args=[to_wire("task", task_id)])
    words = urlencode({"partial_images": partial_images})
    request.META[STREAM] = Streamed(f"{address}?{words}", str(task_id))


class Telling:
    """One task's stream in OpenAI's words."""

    def __init__(self, task: Task, partial_images: int, reader: Reader) -> None:
        self.task_id, self.reader = task.pk, reader
        self.most, self.told = partial_images, 0
        self.kind = "image_edit" if task.spec.get("image") else "image_generation"
        self.facts = {
            "created_at": int(task.created_at.timestamp()),
            "background": "opaque",
            "quality": quality_of(task),
            "size": f"{task.spec['width']}x{task.spec['height']}",
        }

    def word_step(self, step: Step) -> bytes:
        """Return a picture under way: as many as were asked for, spread over the time that all of it takes."""
        is_due = self.told < self.most and step.progress >= (self.told + 1) / (self.most + 1)
        if not (is_due and step.preview):
            return b""
        data = {
            **self.facts,
            "b64_json": step.preview.removeprefix(PREVIEW),
            "output_format": "jpeg",
            "partial_image_index": self.told,
        }
        self.told += 1
        return self.word("partial_image", data)

    def word_end(self) -> Iterator[bytes]:
        """Yield each picture, read only when its turn has come; or the error in their place."""
        try:
            task = read_whole(Task.objects.filter(pk=self.task_id)).get()
            check_ended(task)
            for artifact, _ in list_delivered(task):
                data = self.facts | describe(task, artifact)
                yield self.word("completed", data | {"b64_json": in_base64(artifact)})
        except Exception as error:
            problem = as_problem(error)
            if problem is None:
                logger.exception("a stream of pictures broke")
            yield self.word_error(problem or Problem())

    def word_refusal(self, problem: Problem) -> HttpResponseBase:
        """Return why the stream is not opened; the order was taken."""
        with translation.override(self.reader.language):
            status, error = word_error(problem)
        headers = {SHOULD_RETRY: "false", TASK: to_wire("task", self.task_id), **problem.headers}
        return JsonResponse({"error": error}, status=status, headers=headers)

    def word_error(self, problem: Problem) -> bytes:
        """Return an error as OpenAI's clients raise it from a stream."""
        with translation.override(self.reader.language):
            _, error = word_error(problem)
        return frame("error", {"type": "error", "error": error})

    def word(self, name: str, data: dict[str, Any]) -> bytes:
        """Return one event."""
        kind = f"{self.kind}.{name}"
        return frame(kind, {"type": kind, **data})
