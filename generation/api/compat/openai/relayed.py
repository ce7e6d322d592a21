"""The doors of `/v1/video/generations`: clips for clients of new-api, in its words and its envelope."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api import problems
from generation.api.compat.ends import LACKS_MODEL, SHOULD_RETRY, TASK
from generation.api.compat.openai import schema, video_schema
from generation.api.compat.openai.relayed_words import THEIRS, RelayedSerializer, to_clip_order
from generation.api.compat.openai.video_answers import (
    DONE,
    FAILED,
    answer_video,
    find_clip,
    get_clip_task,
)
from generation.api.compat.openai.videos import take_clip
from generation.api.compat.openai.views import OpenAIView
from generation.models import Task
from generation.selectors.tasks import when_ended
from genhub.api.parsers import OrderParser
from genhub.platforms.models import Scope
from storage.selectors import sign_link

# OpenAI's word for how a clip stands -> new-api's.
STATUSES: Final = {
    "queued": "QUEUED", "in_progress": "IN_PROGRESS", DONE: "SUCCESS", FAILED: "FAILURE",
}  # fmt: skip
OVER: Final = "100%"


class RelayedTaskSerializer(serializers.Serializer[Any]):
    """How a clip's order stands, in new-api's words."""

    task_id = serializers.CharField(
        help_text=_("The id of the task: GET /api/v1/tasks knows it, too.")
    )
    status = serializers.ChoiceField(list(STATUSES.values()))
    progress = serializers.CharField(help_text=_("Percent, as a text."))
    fail_reason = serializers.CharField(
        help_text=_("Why it failed, in the reader's language; else empty.")
    )
    result_url = serializers.URLField(help_text=_("It works for some minutes."))
    submit_time = serializers.IntegerField(
        help_text=_("When it was ordered, in seconds since 1970.")
    )
    start_time = serializers.IntegerField(
        help_text=_("When work on it began, in seconds since 1970; 0: not yet.")
    )
    finish_time = serializers.IntegerField(
        help_text=_("When it ended, in seconds since 1970; 0: not yet.")
    )
    data = video_schema.VideoSerializer()  # type: ignore[assignment]


class EnvelopeSerializer(serializers.Serializer[Any]):
    """new-api's envelope."""

    code = serializers.CharField(help_text=_("Always success: a refusal has a form of its own."))
    message = serializers.CharField(help_text=_("Always empty."))
    data = RelayedTaskSerializer()  # type: ignore[assignment]


class RelayedView(OpenAIView):
    """A door of clips for clients of new-api."""

    names = THEIRS


class RelayedListView(RelayedView):
    """Orders of clips."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.ORDER}
    met = {"POST": {"model_not_found": LACKS_MODEL}}
    parser_classes = [OrderParser]

    @extend_schema(
        request=RelayedSerializer,
        responses={200: video_schema.VideoSerializer, **video_schema.ORDERED},
        parameters=[schema.IDEMPOTENCY_KEY],
        operation_id="video_generations_create",
        tags=schema.TAGS,
        summary=_("Make a clip, in new-api's words"),
    )
    def post(self, request: Request) -> Response:
        """Order, and answer at once by which id it is asked for."""
        serializer = RelayedSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        video = answer_video(take_clip(request, to_clip_order(said), said.get("user")))
        headers = {SHOULD_RETRY: "false", TASK: video["id"]}
        return Response(video, headers=headers)


class RelayedTaskView(RelayedView):
    """One order of a clip."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: EnvelopeSerializer, **schema.READ},
        operation_id="video_generations_retrieve",
        tags=schema.TAGS,
        summary=_("Read a clip's order, in new-api's words"),
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer how it stands, with a link to the clip once there is one."""
        found = answer_relayed(get_clip_task(request, task_id), request)
        return Response({"code": "success", "message": "", "data": found})


def answer_relayed(task: Task, request: Request) -> dict[str, Any]:
    """Return a task as new-api tells of one; what is not known there is empty or 0."""
    video, clip = answer_video(task), find_clip(task)
    ended_at = when_ended(task)
    return {
        "task_id": video["id"],
        "status": STATUSES[video["status"]],
        "progress": OVER if video["status"] == FAILED else f"{video['progress']}%",
        "fail_reason": video["error"]["message"] if video["error"] else "",
        "result_url": request.build_absolute_uri(sign_link(clip)) if clip else "",
        "submit_time": video["created_at"],
        "start_time": int(task.started_at.timestamp()) if task.started_at else 0,
        "finish_time": int(ended_at.timestamp()) if ended_at else 0,
        "data": video,
    }
