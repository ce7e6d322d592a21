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

    skipped = serializers.BooleanField(help_text=_("Always false."))
    interrupted = serializers.BooleanField(help_text=_("Always false."))
    stopping_generation = serializers.BooleanField(help_text=_("Always false."))
    job = serializers.CharField(help_text=_("The id of the task; empty: there is none."))
    job_count = serializers.IntegerField(help_text=_("1 while an order is under way, else 0."))
    job_timestamp = serializers.CharField(
        help_text=_("When it was ordered, as YYYYMMDDHHMMSS; 0: there is none.")
    )
    job_no = serializers.IntegerField(help_text=_("Always 0."))
    sampling_step = serializers.IntegerField(help_text=_("Steps that are done."))
    sampling_steps = serializers.IntegerField(help_text=_("Steps in all; 0: not known."))


class Progress(serializers.Serializer[Any]):
    """How far an order is."""

    progress = serializers.FloatField(help_text=_("From 0 to 1."))
    eta_relative = serializers.FloatField(help_text=_("Seconds that are left; 0: not known."))
    state = ProgressState()
    current_image = serializers.CharField(allow_null=True, help_text=_("JPEG in base64."))
    textinfo = serializers.CharField(
        allow_null=True, help_text=_("How it stands, for people, in the reader's language.")
    )
    current_task = serializers.CharField(
        allow_null=True,
        help_text=_("The order's “force_task_id”, else the id of the task; null: there is none."),
    )


class Options(serializers.Serializer[Any]):
    """The settings."""

    sd_model_checkpoint = serializers.CharField(help_text=_("The model of orders that name none."))
    samples_format = serializers.CharField(help_text=_("Always png."))


class Texts(serializers.Serializer[Any]):
    """The texts of a picture."""

    info = serializers.CharField(
        help_text=_("How the picture was made, as WebUI writes it; empty: it does not say.")
    )
    items = serializers.DictField(
        child=serializers.CharField(), help_text=_("Every text of the file, by its keyword.")
    )
    parameters = serializers.DictField(help_text=_("“info” in parts."))


class Checkpoint(serializers.Serializer[Any]):
    """A model."""

    title = serializers.CharField(help_text=_("Orders name it so."))
    model_name = serializers.CharField(help_text=_("The same as title."))
    hash = serializers.CharField(allow_null=True, help_text=_("Always null."))
    sha256 = serializers.CharField(allow_null=True, help_text=_("Always null."))
    filename = serializers.CharField(
        help_text=_("The same as title: nobody learns where weights lie.")
    )
    config = serializers.CharField(allow_null=True, help_text=_("Always null."))


class Sampler(serializers.Serializer[Any]):
    """A sampler that some model has."""

    name = serializers.CharField(help_text=_("Orders name it so."))
    aliases = serializers.ListField(child=serializers.CharField(), help_text=_("Always empty."))
    options = serializers.DictField(help_text=_("Always empty."))


class Scheduler(serializers.Serializer[Any]):
    """Each model's own."""

    name = serializers.CharField(help_text=_("Always automatic."))
    label = serializers.CharField(help_text=_("Its name for people."))  # type: ignore[assignment]
    aliases = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text=_("Always null.")
    )
    default_rho = serializers.FloatField(help_text=_("Always -1."))
    need_inner_model = serializers.BooleanField(help_text=_("Always false."))


class PromptStyle(serializers.Serializer[Any]):
    """A style."""

    name = serializers.CharField(help_text=_("Orders name it so."))
    prompt = serializers.CharField(
        allow_null=True, help_text=_("Always null: what a style adds to a prompt is the hub's.")
    )
    negative_prompt = serializers.CharField(allow_null=True, help_text=_("Always null."))


class LoraWeights(serializers.Serializer[Any]):
    """A LoRA."""

    name = serializers.CharField(help_text=_("Prompts name it so: `<lora:name:0.8>`."))
    alias = serializers.CharField(help_text=_("The same as name."))
    path = serializers.CharField(help_text=_("The same as name: nobody learns where weights lie."))
    metadata = serializers.DictField(help_text=_("Always empty."))


class Memory(serializers.Serializer[Any]):
    """Bytes of a card's memory, where the hub has a card."""

    ram = serializers.DictField(help_text=_("That of machines is untold."))
    cuda = serializers.DictField(help_text=_("“system” with free, used and total; else “error”."))


class Refused(serializers.Serializer[Any]):
    """A refusal."""

    error = serializers.CharField(help_text=_("The hub's code."))
    detail = serializers.CharField(
        help_text=_("What is so, and what to do, in the reader's language.")
    )
    body = serializers.CharField(help_text=_("Always empty."))
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
