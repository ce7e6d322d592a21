"""The words of an order that a template or a style may fix for it: their types and absolute limits."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from genhub.api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
)
from genhub.lib.errors import gettext_noop
from genhub.lib.limits import (
    LARGEST_GUIDANCE,
    LARGEST_LORA_SCALE,
    LARGEST_NUMBER,
    LARGEST_SIDE_PIXELS,
    MOST_FRAMES_PER_SECOND,
    MOST_LORAS,
    MOST_SECONDS,
    MOST_STEPS,
)

QUALITIES: Final = ("standard", "high")
FORMATS: Final = ("png", "webp", "jpeg", "avif")
# Those that mean nothing for a picture.
CLIP_WORDS: Final = ("duration", "fps", "resolution", "audio")
# Those that may lose something, so that how much is a question.
LOSSY: Final = frozenset({"webp", "jpeg", "avif"})
NO_FORMAT: Final = gettext_noop("It goes with “output_format” jpeg, webp or avif.")


class LoraSerializer(StrictSerializer):
    """A LoRA to wear."""

    name = StrictCharField(max_length=100, help_text=_("One that the model has."))
    scale = StrictFloatField(
        required=False, min_value=-LARGEST_LORA_SCALE, max_value=LARGEST_LORA_SCALE,
        help_text=_("How strong. Default: the model's."),
    )  # fmt: skip


class FormSerializer(StrictSerializer):
    """How each picture becomes a file."""

    output_format = serializers.ChoiceField(
        FORMATS, required=False,
        help_text=_("png, webp: without loss; jpeg, avif: smaller. Default: as the hub stores, or as its provider made it."),
    )  # fmt: skip
    output_compression = StrictIntegerField(
        required=False, min_value=0, max_value=100,
        help_text=_("How good a jpeg, webp or avif is: 100 is best and largest. Default: webp without loss, jpeg 90, avif 80."),
    )  # fmt: skip
    embed_parameters = StrictBooleanField(
        required=False,
        help_text=_("Whether each file tells its prompt, seed and so on, as A1111's do. Default: the platform's."),
    )  # fmt: skip


class SettableWords(StrictSerializer):
    """What an order says of its making, where no template and no style says it."""

    model = StrictCharField(required=False, max_length=100, help_text=_("Default: the platform's."))
    num_images = StrictIntegerField(
        required=False, min_value=1, max_value=LARGEST_NUMBER, help_text=_("Pictures. Default: 1.")
    )
    width = StrictIntegerField(
        required=False, min_value=1, max_value=LARGEST_SIDE_PIXELS,
        help_text=_("Pixels, a multiple of 16. Default: the model's."),
    )  # fmt: skip
    height = StrictIntegerField(
        required=False, min_value=1, max_value=LARGEST_SIDE_PIXELS,
        help_text=_("Pixels, a multiple of 16. Default: the model's."),
    )  # fmt: skip
    steps = StrictIntegerField(
        required=False, min_value=1, max_value=MOST_STEPS, help_text=_("Default: the model's.")
    )
    cfg_scale = StrictFloatField(
        required=False,
        min_value=0,
        max_value=LARGEST_GUIDANCE,
        help_text=_("Default: the model's."),
    )
    loras: "serializers.ListSerializer[Any]" = serializers.ListSerializer(
        child=LoraSerializer(), required=False, max_length=MOST_LORAS,
        help_text=_("Default: the style's, else the model's usual ones; an empty list: none."),
    )  # fmt: skip
    duration = StrictIntegerField(
        required=False, min_value=1, max_value=MOST_SECONDS,
        help_text=_("Seconds of a clip, of those that the model makes. Default: 5, or the model's."),
    )  # fmt: skip
    fps = StrictIntegerField(
        required=False, min_value=1, max_value=MOST_FRAMES_PER_SECOND,
        help_text=_("Frames a second of a clip, of those that the model makes. Default: 24, or the model's."),
    )  # fmt: skip
    resolution = StrictCharField(
        required=False, max_length=10,
        help_text=_("The size of a clip by its short side, of those that the model makes: 720p, 1080p; 4k from 3840 × 2160 "
                    "pixels on. Default: the model's."),
    )  # fmt: skip
    audio = StrictBooleanField(
        required=False, help_text=_("Whether a clip sounds, where the model can. Default: false.")
    )
    style_preset = StrictCharField(required=False, max_length=50, help_text=_("A style's code."))
    quality = serializers.ChoiceField(QUALITIES, required=False, help_text=_("Default: standard."))
    mode = serializers.ChoiceField(
        ["fast", "fine"], required=False,
        help_text=_("Fewer or more steps. Default: the template's, else your plan's."),
    )  # fmt: skip
