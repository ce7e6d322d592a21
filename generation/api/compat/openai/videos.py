"""The doors of `/v1/videos`: OpenAI's words in, the hub's order of a clip, OpenAI's video out."""

import contextlib
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api import problems
from generation.api.compat.ends import ENDED, LACKS_MODEL, SHOULD_RETRY, TASK, find_taken
from generation.api.compat.openai import schema, video_schema
from generation.api.compat.openai.orders import take
from generation.api.compat.openai.video_answers import (
    answer_page,
    answer_video,
    explain_missing,
    find_clip,
    get_clip_task,
)
from generation.api.compat.openai.video_words import (
    THEIRS,
    MalformedVideo,
    VideoParser,
    VideosSerializer,
    to_clip_order,
)
from generation.api.compat.openai.views import OpenAIView
from generation.api.compat.openai.words import user_of
from generation.errors import AlreadyEnded, NotReady
from generation.life.unpaid_ends import cancel_task
from generation.models import Task
from generation.states import TASK_LIVE
from genhub.api.negotiation import WhateverIsAccepted
from genhub.api.parsers import OrderParser
from genhub.lib.errors import NotFound, gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms.models import Scope
from storage import thumbnails
from storage.selectors import sign_link

if TYPE_CHECKING:
    from storage.models import Artifact

VIDEO, THUMBNAIL = "video", "thumbnail"
VARIANTS: Final = (VIDEO, THUMBNAIL)
# A clip takes a minute or more: clients that ask by themselves need not ask each second.
POLL_AFTER, POLL_MILLISECONDS = "openai-poll-after-ms", "3000"


class VideoView(OpenAIView):
    """A door of clips."""

    names = THEIRS


class VideoListView(VideoView):
    """The caller's videos."""

    scopes = {"GET": Scope.TASKS_READ, "POST": Scope.TASKS_WRITE}
    problems = {"POST": (*problems.ORDER, MalformedVideo)}
    met = {"POST": {"model_not_found": LACKS_MODEL}}
    parser_classes = [VideoParser, OrderParser]

    @extend_schema(
        request=video_schema.BODY,
        responses={200: video_schema.VideoSerializer, **video_schema.ORDERED},
        parameters=[schema.IDEMPOTENCY_KEY],
        operation_id="videos_create",
        tags=schema.TAGS,
        summary=_("Make a clip"),
    )
    def post(self, request: Request) -> Response:
        """Order, and answer the video at once as it stands."""
        video = answer_video(order_clip(request))
        return Response(video, headers={SHOULD_RETRY: "false", TASK: video["id"]})

    @extend_schema(
        responses={200: video_schema.VideosPageSerializer, **video_schema.ASKED},
        parameters=video_schema.PAGE,
        operation_id="videos_list",
        tags=schema.TAGS,
        summary=_("List clips"),
    )
    def get(self, request: Request) -> Response:
        """Answer one page."""
        return Response(answer_page(request))


class OneVideoView(VideoView):
    """One video."""

    scopes = {"GET": Scope.TASKS_READ, "DELETE": Scope.TASKS_WRITE}

    @extend_schema(
        responses={200: video_schema.VideoSerializer, **schema.READ},
        operation_id="videos_retrieve",
        tags=schema.TAGS,
        summary=_("Read a clip's order"),
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer it as it stands, and when to ask again while it is made."""
        task = get_clip_task(request, task_id)
        headers = {POLL_AFTER: POLL_MILLISECONDS} if task.state in TASK_LIVE else {}
        return Response(answer_video(task), headers=headers)

    @extend_schema(
        responses={200: video_schema.DeletedSerializer, **schema.READ},
        operation_id="videos_delete",
        tags=schema.TAGS,
        summary=_("Cancel a clip"),
    )
    def delete(self, request: Request, task_id: str) -> Response:
        """Cancel one that is not made yet. A clip that was delivered stays, as every file that was paid for does, and
        `deleted` says so."""
        task = get_clip_task(request, task_id)
        # It may end between two looks; what counts is how it stands then.
        with contextlib.suppress(AlreadyEnded):
            cancel_task(task.pk)
        is_gone = find_clip(get_clip_task(request, task_id)) is None
        wire_id = to_wire("task", task.pk)
        return Response({"id": wire_id, "object": "video.deleted", "deleted": is_gone})


class VideoContentView(VideoView):
    """A video's file."""

    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (*ENDED, NotReady)}

    @extend_schema(
        responses={302: None, **video_schema.ASKED},
        parameters=[video_schema.VARIANT],
        operation_id="videos_content",
        tags=schema.TAGS,
        summary=_("Fetch a clip"),
    )
    def get(self, request: Request, task_id: str) -> HttpResponse:
        """Redirect to a freshly signed link to the clip or its thumbnail."""
        variant = read_variant(request)
        clip = get_clip(get_clip_task(request, task_id))
        if variant == THUMBNAIL:
            thumbnails.draw_missing(clip)
            if not clip.has_thumbnail:
                raise NotFound(thing=gettext_noop("picture"))
        response = HttpResponseRedirect(sign_link(clip, thumbnail=variant == THUMBNAIL))
        response["Cache-Control"] = "no-store"
        return response


def order_clip(request: Request) -> Task:
    """Take the order of a body in OpenAI's words, and return its task."""
    serializer = VideosSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    said = serializer.validated_data
    return take_clip(request, to_clip_order(said), user_of(said))


def take_clip(request: Request, words: dict[str, object], named: str | None) -> Task:
    """Take an order, and return its task; from here on no client may send it again by itself."""
    return find_taken(request, take(request, words, named).task_id)


def read_variant(request: Request) -> str:
    """Return which of a clip's files is asked for."""
    variant = request.query_params.get("variant", VIDEO)
    if variant not in VARIANTS:
        message = gettext_noop("It must be one of %(limit)s.")
        raise refuse_field("variant", "enum", message, limit=", ".join(VARIANTS))
    return variant


def get_clip(task: Task) -> "Artifact":
    """Return the clip of a task; raise why there is none."""
    if clip := find_clip(task):
        return clip
    raise explain_missing(task) or NotReady(state=task.state)
