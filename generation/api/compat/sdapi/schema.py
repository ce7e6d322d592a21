"""What the document of `/sdapi/v1` says of bodies and answers."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from genhub.api.dialects import DialectSchema


class Drawn(serializers.Serializer[Any]):
    """Pictures, and how they were made."""

    images = serializers.ListField(child=serializers.CharField(), help_text=_("PNG in base64."))
    parameters = serializers.DictField(
        help_text=_("The request as it was understood; “ignored” names what was passed over.")
    )
    info = serializers.CharField(
        help_text=_("JSON in a string: seeds, texts, “task”, “credits”, “not_delivered”.")
    )


class ProgressState(serializers.Serializer[Any]):
    """What is under way."""

    skipped = serializers.BooleanField()
    interrupted = serializers.BooleanField()
    stopping_generation = serializers.BooleanField()
    job = serializers.CharField()
    job_count = serializers.IntegerField()
    job_timestamp = serializers.CharField()
    job_no = serializers.IntegerField()
    sampling_step = serializers.IntegerField()
    sampling_steps = serializers.IntegerField()


class Progress(serializers.Serializer[Any]):
    """How far an order is."""

    progress = serializers.FloatField(help_text=_("From 0 to 1."))
    eta_relative = serializers.FloatField(help_text=_("Seconds that are left; 0: not known."))
    state = ProgressState()
    current_image = serializers.CharField(allow_null=True, help_text=_("JPEG in base64."))
    textinfo = serializers.CharField(allow_null=True)
    current_task = serializers.CharField(allow_null=True)


class Options(serializers.Serializer[Any]):
    """The settings."""

    sd_model_checkpoint = serializers.CharField(help_text=_("The model of orders that name none."))
    samples_format = serializers.CharField()


class Texts(serializers.Serializer[Any]):
    """The texts of a picture."""

    info = serializers.CharField()
    items = serializers.DictField(child=serializers.CharField())
    parameters = serializers.DictField()


class Checkpoint(serializers.Serializer[Any]):
    """A model."""

    title = serializers.CharField()
    model_name = serializers.CharField()
    hash = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    filename = serializers.CharField()
    config = serializers.CharField(allow_null=True)


class Sampler(serializers.Serializer[Any]):
    """A sampler that some model has."""

    name = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    options = serializers.DictField()


class Scheduler(serializers.Serializer[Any]):
    """Each model's own."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    aliases = serializers.ListField(child=serializers.CharField(), allow_null=True)
    default_rho = serializers.FloatField()
    need_inner_model = serializers.BooleanField()


class PromptStyle(serializers.Serializer[Any]):
    """A style."""

    name = serializers.CharField()
    prompt = serializers.CharField(allow_null=True)
    negative_prompt = serializers.CharField(allow_null=True)


class LoraWeights(serializers.Serializer[Any]):
    """A LoRA."""

    name = serializers.CharField()
    alias = serializers.CharField()
    path = serializers.CharField()
    metadata = serializers.DictField()


class Memory(serializers.Serializer[Any]):
    """Bytes of a card's memory, where the hub has a card."""

    ram = serializers.DictField()
    cuda = serializers.DictField()


class Refused(serializers.Serializer[Any]):
    """A refusal."""

    error = serializers.CharField(help_text=_("The hub's code."))
    detail = serializers.CharField()
    body = serializers.CharField()
    # The base class has a property of this name, which a schema never reads.
    errors = serializers.CharField(help_text=_("What is wrong with which word."))  # type: ignore[assignment]


TAGS: Final = ["Stable Diffusion WebUI"]
EMPTY: Final[dict[str, Any]] = {"type": "array", "items": {}, "maxItems": 0}
OBJECT: Final[dict[str, Any]] = {"type": "object"}
READ: Final = dict.fromkeys((401, 403, 429), OpenApiResponse(Refused))
WRITTEN: Final = {**READ, **dict.fromkeys((400, 413, 415), OpenApiResponse(Refused))}
DRAWN: Final = {
    200: Drawn,
    **WRITTEN,
    **dict.fromkeys((402, 404, 409, 422, 503, 504), OpenApiResponse(Refused)),
}
DONE: Final = {200: OBJECT, **WRITTEN}
# What is looked up where; at the other addresses it is nothing.
FOUND: Final[dict[str, Any]] = {
    "sd-models": Checkpoint(many=True),
    "samplers": Sampler(many=True),
    "schedulers": Scheduler(many=True),
    "prompt-styles": PromptStyle(many=True),
    "loras": LoraWeights(many=True),
    "memory": Memory,
    **dict.fromkeys(("embeddings", "cmd-flags", "scripts"), OBJECT),
}
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER
)
SKIPS_PICTURE: Final = OpenApiParameter(
    "skip_current_image", OpenApiTypes.BOOL, description=_("true: without the preview.")
)


class FoundSchema(DialectSchema):
    """Operations of one view at many addresses, which say what each has."""

    def get_tags(self) -> list[str]:
        """Return the dialect's."""
        return TAGS

    def get_response_serializers(self) -> Any:
        """Return what this operation's address has."""
        return {200: FOUND.get(self.path.rpartition("/")[2], EMPTY), **READ}
