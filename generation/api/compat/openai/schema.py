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

    images = PictureSerializer(many=True, help_text=_("The one picture to start from."))
    mask = PictureSerializer(required=False)


class OpenAIPictureSerializer(serializers.Serializer[Any]):
    """A picture."""

    b64_json = serializers.CharField(required=False, help_text=_("The picture in base64."))
    url = serializers.URLField(required=False, help_text=_("It works for some minutes."))
    revised_prompt = serializers.CharField(
        required=False, help_text=_("The prompt as the vendor changed it, where it did.")
    )


class TokensSerializer(serializers.Serializer[Any]):
    """Tokens by kind."""

    text_tokens = serializers.IntegerField(help_text=_("Of the prompt."))
    image_tokens = serializers.IntegerField(help_text=_("Always 0."))


class UsageSerializer(serializers.Serializer[Any]):
    """The prompt's tokens; pictures have none."""

    input_tokens = serializers.IntegerField(help_text=_("Of the prompt."))
    input_tokens_details = TokensSerializer()
    output_tokens = serializers.IntegerField(help_text=_("Always 0."))
    total_tokens = serializers.IntegerField(help_text=_("All together."))


class PicturesSerializer(serializers.Serializer[Any]):
    """Pictures, and what they are."""

    created = serializers.IntegerField(help_text=_("When it was ordered, in seconds since 1970."))
    data = OpenAIPictureSerializer(many=True)  # type: ignore[assignment]
    background = serializers.CharField(required=False, help_text=_("Always opaque."))
    output_format = serializers.CharField(
        required=False, help_text=_("What the pictures are stored as, or what was asked for.")
    )
    quality = serializers.CharField(
        required=False, help_text=_("As it was ordered, in OpenAI's words.")
    )
    size = serializers.CharField(required=False, help_text=_("Width and height in pixels."))
    usage = UsageSerializer(required=False)


class PictureTaskSerializer(serializers.Serializer[Any]):
    """An order that is under way."""

    id = serializers.CharField(help_text=_("The id of the task: GET /api/v1/tasks knows it, too."))
    object = serializers.CharField(help_text=_("Always image.task."))
    created = serializers.IntegerField(help_text=_("When it was ordered, in seconds since 1970."))
    model = serializers.CharField(help_text=_("The model that draws it."))
    status = serializers.ChoiceField(list(STATUSES.values()))
    url = serializers.URLField(help_text=_("Where its pictures are fetched."))


class OpenAIModelSerializer(serializers.Serializer[Any]):
    """A model, or another name of one."""

    id = serializers.CharField(help_text=_("Orders name it so."))
    object = serializers.CharField(help_text=_("Always model."))
    created = serializers.IntegerField(help_text=_("Always 0: nobody noted it."))
    owned_by = serializers.CharField(help_text=_("Always genhub."))


class OpenAIModelsSerializer(serializers.Serializer[Any]):
    """The models."""

    object = serializers.CharField(help_text=_("Always list."))
    data = OpenAIModelSerializer(many=True)  # type: ignore[assignment]


class ErrorWordsSerializer(serializers.Serializer[Any]):
    """What is wrong."""

    message = serializers.CharField(
        help_text=_("What is wrong and how to mend it, in the reader's language.")
    )
    type = serializers.CharField(help_text=_("OpenAI's kind of error."))
    param = serializers.CharField(
        allow_null=True, help_text=_("The field that is wrong; null: none of its own.")
    )
    code = serializers.CharField(
        help_text=_("OpenAI's code where it has one for this, else the hub's.")
    )


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
    OpenApiParameter(
        "response_format", OpenApiTypes.STR, enum=list(KINDS),
        description=_("As the order's: links or base64. Default: both."),
    ),
    OpenApiParameter(
        "output_format", OpenApiTypes.STR, enum=list(OUTPUT_FORMATS),
        description=_("The order's own again: the file is what the order made of it."),
    ),
    OpenApiParameter(
        "output_compression", OpenApiTypes.INT,
        description=_("The order's own again: the file is what the order made of it."),
    ),
]  # fmt: skip
PARTIALS: Final = OpenApiParameter(
    "partial_images", {"type": "integer", "minimum": 0, "maximum": MOST_PARTIALS},
    description=_("How many pictures under way a stream tells, from 0 to 3. Default: 0."),
)  # fmt: skip
MODEL_NAME: Final = OpenApiParameter(
    "name", OpenApiTypes.STR, OpenApiParameter.PATH,
    description=_("A name of GET /v1/models."),
)  # fmt: skip
