"""Orders that were taken, as OpenAI's clients are answered: while they are under way, and once they have ended."""

import uuid
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.conf import settings
from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from generation.api.compat.ends import SHOULD_RETRY, TASK, check_ended, find_end
from generation.api.compat.openai.pictures import answer_pictures, kind_of
from generation.api.compat.openai.words import KINDS, OUTPUT_FORMATS, WHOLE
from generation.api.views import get_task
from generation.models import Task
from generation.selectors.tasks import type_of
from generation.states import TASK_LIVE, TaskState
from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import to_wire
from storage.content import IMAGE

# Asks to be answered at once, and by which name the answer is fetched.
ASYNC = "x-genhub-async"
STATUSES = {TaskState.PENDING: "queued", TaskState.PROCESSING: "in_progress"}


class FormSerializer(serializers.Serializer[Any]):
    """The words of an order's form, as an address may have them; the file is what the order made of them."""

    response_format = serializers.ChoiceField(KINDS, required=False)
    output_format = serializers.ChoiceField(OUTPUT_FORMATS, required=False)
    output_compression = serializers.IntegerField(required=False, min_value=0, max_value=WHOLE)


def read_kind(request: Request) -> str:
    """Return as what an address wants the pictures: `url`, `b64_json`, or empty for both."""
    serializer = FormSerializer(data=request.query_params)
    serializer.is_valid(raise_exception=True)
    return kind_of(serializer.validated_data)


def wants_later(request: Request) -> bool:
    """Return whether the caller is answered at once, and fetches the pictures later: as its header says, else as the
    hub's settings."""
    said = request.headers.get(ASYNC, "").strip().lower()
    return said == "true" or (said != "false" and settings.OPENAI_ASYNC)


def find_pictures(request: Request, wire_id: str) -> Task:
    """Return a caller's order of pictures, which whatever is refused from now on names; raise NotFound for none."""
    task = get_task(request, wire_id)
    if type_of(task) != IMAGE:
        raise NotFound(thing=gettext_noop("task"))
    request.META[TASK] = wire_id
    return task


def answer_task(request: Request, task_id: uuid.UUID, kind: str) -> HttpResponse:
    """Return the pictures of a task that has ended well; raise why there are none."""
    return answer_ended(request, find_end(request, task_id), kind)


def answer_later(request: Request, task: Task, kind: str) -> HttpResponse:
    """Return the pictures of a task, or 202 with where to ask for them as long as there are none."""
    if task.state not in TASK_LIVE:
        check_ended(task)
        return answer_ended(request, task, kind)
    wire_id = to_wire("task", task.pk)
    address = reverse("openai-task", [wire_id], request=request)
    if kind:
        address = f"{address}?{urlencode({'response_format': kind})}"
    answer = {
        "id": wire_id,
        "object": "image.task",
        "created": int(task.created_at.timestamp()),
        "model": task.model,
        "status": STATUSES[TaskState(task.state)],
        "url": address,
    }
    headers = {SHOULD_RETRY: "false", TASK: wire_id, "Location": address}
    return Response(answer, 202, headers=headers)


def answer_ended(request: Request, task: Task, kind: str) -> HttpResponse:
    """Return the pictures that there are, written here: the usual writer looks at each letter of megabytes."""
    headers = {SHOULD_RETRY: "false", TASK: to_wire("task", task.pk)}
    body = msgspec.json.encode(answer_pictures(request, task, kind))
    return HttpResponse(body, content_type="application/json", headers=headers)
