"""What the document of `/v1` says of clips."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from generation.api.compat.openai.schema import READ, ErrorSerializer
from generation.api.compat.openai.tasks import STATUSES
from generation.api.compat.openai.video_answers import DONE, FAILED, ORDERS
from generation.api.compat.openai.video_words import VideosSerializer, VideoWords
from genhub.api.page_words import LIMIT
from genhub.api.parsers import BoundedJSONParser
from storage.api.parsers import FORM


class VideoFormSerializer(VideoWords):
    """A clip's order as a form."""

    input_reference = serializers.FileField(
        required=False, help_text=_("A picture that the clip starts from: PNG, JPEG or WebP.")
    )
    last_image = serializers.FileField(
        required=False, help_text=_("A picture that the clip ends with, where the model can.")
    )


class VideoErrorSerializer(serializers.Serializer[Any]):
    """Why there is no clip."""

    code = serializers.CharField(
        help_text=_("OpenAI's code where it has one for this, else the hub's.")
    )
    message = serializers.CharField(help_text=_("What happened, in the reader's language."))


class VideoSerializer(serializers.Serializer[Any]):
    """A clip's order."""

    id = serializers.CharField(help_text=_("The id of the task: GET /api/v1/tasks knows it, too."))
    task_id = serializers.CharField(help_text=_("The same as id."))
    object = serializers.CharField(help_text=_("Always video."))
    created_at = serializers.IntegerField(
        help_text=_("When it was ordered, in seconds since 1970.")
    )
    completed_at = serializers.IntegerField(
        allow_null=True,
        help_text=_("When it was finished, in seconds since 1970; null: there is no clip."),
    )
    expires_at = serializers.IntegerField(allow_null=True, help_text=_("Null: it does not expire."))
    model = serializers.CharField(help_text=_("The model that makes it."))
    status = serializers.ChoiceField([*STATUSES.values(), DONE, FAILED])
    progress = serializers.IntegerField(help_text=_("Percent."))
    prompt = serializers.CharField(help_text=_("As it was ordered."))
    seconds = serializers.CharField(help_text=_("Its length, as a text."))
    size = serializers.CharField(help_text=_("Width and height in pixels."))
    remixed_from_video_id = serializers.CharField(allow_null=True, help_text=_("Always null."))
    error = VideoErrorSerializer(allow_null=True)


class VideosPageSerializer(serializers.Serializer[Any]):
    """A page of clips."""

    object = serializers.CharField(help_text=_("Always list."))
    data = VideoSerializer(many=True)  # type: ignore[assignment]
    first_id = serializers.CharField(
        allow_null=True, help_text=_("The id of its first clip; null: it is empty.")
    )
    last_id = serializers.CharField(
        allow_null=True,
        help_text=_("Ask for the next page with it as “after”; null: the page is empty."),
    )
    has_more = serializers.BooleanField(help_text=_("Whether there is a next page."))


class DeletedSerializer(serializers.Serializer[Any]):
    """What became of a clip that was to go."""

    id = serializers.CharField(help_text=_("The id of the task."))
    object = serializers.CharField(help_text=_("Always video.deleted."))
    deleted = serializers.BooleanField(
        help_text=_("false: the clip was delivered, and stays as it is.")
    )


REFUSED: Final = OpenApiResponse(ErrorSerializer)
ASKED: Final = {**READ, 400: REFUSED}
ORDERED: Final = {**READ, **dict.fromkeys((400, 413, 415, 503), REFUSED)}
BODY: Final = {FORM: VideoFormSerializer, BoundedJSONParser.media_type: VideosSerializer}
PAGE: Final = [
    OpenApiParameter("after", OpenApiTypes.STR, description=_("The “last_id” of the page before.")),
    LIMIT,
    OpenApiParameter(
        "order", OpenApiTypes.STR, enum=list(ORDERS), default="desc",
        description=_("By when they were ordered; desc: newest first."),
    ),
]  # fmt: skip
VARIANT: Final = OpenApiParameter(
    "variant", OpenApiTypes.STR, enum=["video", "thumbnail"], default="video",
    description=_("The clip, or a picture of it."),
)  # fmt: skip
