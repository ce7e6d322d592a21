"""What the document of `/v1` says of bodies and answers."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from generation.api.compat.openai.tasks import ASYNC, STATUSES
from generation.api.compat.openai.words import (
    FIDELITIES,
    KINDS,
    MOST_PARTIALS,
    OUTPUT_FORMATS,
    GenerationsSerializer,
    PictureSerializer,
)
from generation.api.serializers import SMALLEST_STRENGTH
from genhub.api.parsers import BoundedJSONParser
from storage.api.parsers import FORM


class EditWords(GenerationsSerializer):
    """What both forms of an edit say."""

    input_fidelity = serializers.ChoiceField(
        list(FIDELITIES), required=False, help_text=_("high: less is drawn anew.")
    )
    strength = serializers.FloatField(
        required=False, min_value=SMALLEST_STRENGTH, max_value=1,
        help_text=_("How much of “image” is drawn anew: of 12 steps, 0.5 takes 6. Default: 0.7."),
    )  # fmt: skip


class EditFormSerializer(EditWords):
    """An edit as a form."""

    image = serializers.FileField(
        help_text=_("PNG, JPEG, WebP, AVIF or HEIC; only the first frame is taken. Repeated (or as image[]), those after the "
                    "first are looked at, by models that do so.")
    )  # fmt: skip
    mask = serializers.FileField(
        required=False, help_text=_("Of the same shape; its transparent parts are drawn anew.")
    )


class EditBodySerializer(EditWords):
    """An edit in JSON."""

    images = PictureSerializer(many=True)
    mask = PictureSerializer(required=False)


class OpenAIPictureSerializer(serializers.Serializer[Any]):
    """A picture."""

    b64_json = serializers.CharField(required=False)
    url = serializers.URLField(required=False, help_text=_("It works for some minutes."))
    revised_prompt = serializers.CharField(required=False)


class TokensSerializer(serializers.Serializer[Any]):
    """Tokens by kind."""

    text_tokens = serializers.IntegerField()
    image_tokens = serializers.IntegerField()


class UsageSerializer(serializers.Serializer[Any]):
    """The prompt's tokens; pictures have none."""

    input_tokens = serializers.IntegerField()
    input_tokens_details = TokensSerializer()
    output_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


class PicturesSerializer(serializers.Serializer[Any]):
    """Pictures, and what they are."""

    created = serializers.IntegerField()
    data = OpenAIPictureSerializer(many=True)  # type: ignore[assignment]
    background = serializers.CharField(required=False)
    output_format = serializers.CharField(required=False)
    quality = serializers.CharField(required=False)
    size = serializers.CharField(required=False)
    usage = UsageSerializer(required=False)


class PictureTaskSerializer(serializers.Serializer[Any]):
    """An order that is under way."""

    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    model = serializers.CharField()
    status = serializers.ChoiceField(list(STATUSES.values()))
    url = serializers.URLField(help_text=_("Where its pictures are fetched."))


class OpenAIModelSerializer(serializers.Serializer[Any]):
    """A model, or another name of one."""

    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    owned_by = serializers.CharField()


class OpenAIModelsSerializer(serializers.Serializer[Any]):
    """The models."""

    object = serializers.CharField()
    data = OpenAIModelSerializer(many=True)  # type: ignore[assignment]


class ErrorWordsSerializer(serializers.Serializer[Any]):
    """What is wrong."""

    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True)
    code = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    """A refusal."""

    error = ErrorWordsSerializer()


TAGS: Final = ["OpenAI"]
READ: Final = dict.fromkeys((401, 403, 404, 429), OpenApiResponse(ErrorSerializer))
JUDGED: Final = dict.fromkeys((400, 413, 415, 503), OpenApiResponse(ErrorSerializer))
LATER: Final = {202: PictureTaskSerializer}
EVENTS: Final = (200, "text/event-stream")
DRAWN: Final[dict[Any, Any]] = {
    (200, "application/json"): PicturesSerializer,
    EVENTS: OpenApiResponse(
        OpenApiTypes.STR,
        description=_("With “stream”: image_generation.… or image_edit.…: partial_image, then completed for each picture."),
    ),
    **LATER,
    **READ,
    **dict.fromkeys((400, 413, 415, 503, 504), OpenApiResponse(ErrorSerializer)),
}  # fmt: skip
EDITS: Final = {FORM: EditFormSerializer, BoundedJSONParser.media_type: EditBodySerializer}
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER
)
LATER_PLEASE: Final = OpenApiParameter(
    ASYNC, OpenApiTypes.BOOL, OpenApiParameter.HEADER,
    description=_("true: answer 202 at once, and fetch the pictures later."),
)  # fmt: skip
FORM_WORDS: Final = [
    OpenApiParameter("response_format", OpenApiTypes.STR, enum=list(KINDS)),
    OpenApiParameter("output_format", OpenApiTypes.STR, enum=list(OUTPUT_FORMATS)),
    OpenApiParameter("output_compression", OpenApiTypes.INT),
]
PARTIALS: Final = OpenApiParameter(
    "partial_images", OpenApiTypes.INT, description=f"0–{MOST_PARTIALS}"
)
