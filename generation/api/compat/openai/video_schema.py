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
from genhub.api.parsers import BoundedJSONParser
from storage.api.parsers import FORM


class VideoFormSerializer(VideoWords):
    """A clip's order as a form."""

    input_reference = serializers.FileField(
        required=False, help_text=_("A picture that the clip starts from: PNG, JPEG or WebP.")
    )
    last_image = serializers.FileField(required=False)


class VideoErrorSerializer(serializers.Serializer[Any]):
    """Why there is no clip."""

    code = serializers.CharField()
    message = serializers.CharField()


class VideoSerializer(serializers.Serializer[Any]):
    """A clip's order."""

    id = serializers.CharField()
    task_id = serializers.CharField()
    object = serializers.CharField()
    created_at = serializers.IntegerField()
    completed_at = serializers.IntegerField(allow_null=True)
    expires_at = serializers.IntegerField(allow_null=True)
    model = serializers.CharField()
    status = serializers.ChoiceField([*STATUSES.values(), DONE, FAILED])
    progress = serializers.IntegerField(help_text=_("Percent."))
    prompt = serializers.CharField()
    seconds = serializers.CharField()
    size = serializers.CharField()
    remixed_from_video_id = serializers.CharField(allow_null=True)
    error = VideoErrorSerializer(allow_null=True)


class VideosPageSerializer(serializers.Serializer[Any]):
    """A page of clips."""

    object = serializers.CharField()
    data = VideoSerializer(many=True)  # type: ignore[assignment]
    first_id = serializers.CharField(allow_null=True)
    last_id = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class DeletedSerializer(serializers.Serializer[Any]):
    """What became of a clip that was to go."""

    id = serializers.CharField()
    object = serializers.CharField()
    deleted = serializers.BooleanField(
        help_text=_("false: the clip was delivered, and stays as it is.")
    )


REFUSED: Final = OpenApiResponse(ErrorSerializer)
ASKED: Final = {**READ, 400: REFUSED}
ORDERED: Final = {**READ, **dict.fromkeys((400, 413, 415, 503), REFUSED)}
BODY: Final = {FORM: VideoFormSerializer, BoundedJSONParser.media_type: VideosSerializer}
PAGE: Final = [
    OpenApiParameter("after", OpenApiTypes.STR, description=_("The “last_id” of the page before.")),
    OpenApiParameter("limit", OpenApiTypes.INT, description="1–100"),
    OpenApiParameter("order", OpenApiTypes.STR, enum=list(ORDERS), default="desc"),
]
VARIANT: Final = OpenApiParameter(
    "variant", OpenApiTypes.STR, enum=["video", "thumbnail"], default="video"
)
