"""The words of an order as WebUI's clients say them: what the hub honours, what it passes over, and what it refuses."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.api.serializers import GenerateSerializer
from genhub.api.fields import (
    ShortListField,
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictObjectField,
    StrictSerializer,
)
from genhub.lib.limits import LARGEST_NUMBER

LONGEST = 100_000
LONGEST_NAME = 200
# Words of which the hub does what these values say, or nothing different; any other is refused by name.
ONLY: Final[dict[str, tuple[Any, ...]]] = {
    "enable_hr": (False,),
    "restore_faces": (False,),
    "tiling": (False,),
    "script_name": ("", "None"),
    "script_args": ([],),
    "alwayson_scripts": ({},),
    "subseed_strength": (0,),
    "seed_resize_from_h": (0, -1),
    "seed_resize_from_w": (0, -1),
    "firstphase_width": (0,),
    "firstphase_height": (0,),
    "refiner_checkpoint": ("", "None"),
    "infotext": ("",),
    "include_init_images": (False,),
    "inpainting_mask_invert": (0,),
    # A picture of another shape is stretched by the one and cut by the other; the hub leaves it to the model.
    "resize_mode": (0, 1),
}
# Words that stock clients send with every order, whatever their user chose: passed over, and the answer says so.
IGNORED: Final = frozenset({
    "scheduler", "eta", "s_churn", "s_tmax", "s_tmin", "s_noise", "s_min_uncond", "subseed", "refiner_switch_at",
    "hr_scale", "hr_upscaler", "hr_second_pass_steps", "hr_resize_x", "hr_resize_y", "hr_sampler_name", "hr_scheduler",
    "hr_prompt", "hr_negative_prompt", "hr_checkpoint_name", "hr_additional_modules", "hr_cfg", "hr_distilled_cfg",
    "save_images", "do_not_save_samples", "do_not_save_grid", "override_settings_restore_afterwards",
    "disable_extra_networks", "clip_skip", "distilled_cfg_scale", "image_cfg_scale", "initial_noise_multiplier",
    "mask_blur", "mask_blur_x", "mask_blur_y", "mask_round", "latent_mask", "inpainting_fill", "inpaint_full_res",
    "inpaint_full_res_padding", "resize_mode", "comments",
    # Where SillyTavern's own server finds its WebUI, and how: it passes them on.
    "url", "auth",
})  # fmt: skip
# Pictures, which are not kept with what was said.
PICTURES: Final = frozenset({"init_images", "mask"})
# What happens anyway.
USUAL: Final[dict[str, tuple[Any, ...]]] = {"scheduler": ("", "automatic", "Automatic")}
# The setting that names the model; it stands beside the other words once they are read.
CHECKPOINT = "sd_model_checkpoint"


@dataclass(frozen=True)
class Said:
    """What was said of the words that the hub honours, and the names of those that were passed over."""

    words: dict[str, Any]
    ignored: list[str]


class TextSerializer(StrictSerializer):
    """The honoured words of `POST /sdapi/v1/txt2img`; what their values may be the order's own check decides."""

    prompt = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST,
        help_text=_("What the pictures show; `<lora:name:0.8>` names a LoRA."),
    )
    negative_prompt = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST,
        help_text=_("What the pictures shall not show."),
    )
    styles = ShortListField(
        child=StrictCharField(max_length=LONGEST_NAME), required=False, max_length=1,
        error_messages={"max_length": _("One style at most; name the others in the prompt.")}, help_text=_("A style's code, one at most.")
    )  # fmt: skip
    seed = StrictIntegerField(
        required=False,
        min_value=-1,
        help_text=_(
            "The first picture's; each further picture takes the next. -1: one drawn for each."
        ),
    )
    batch_size = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        help_text=_("Pictures, times “n_iter”. Default: 1."),
    )
    n_iter = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        help_text=_("Pictures, times “batch_size”. Default: 1."),
    )
    steps = StrictIntegerField(required=False, help_text=_("Default: the model's."))
    cfg_scale = StrictFloatField(required=False, help_text=_("Default: the model's."))
    width = StrictIntegerField(
        required=False, help_text=_("Pixels, a multiple of 16. Default: the model's.")
    )
    height = StrictIntegerField(
        required=False, help_text=_("Pixels, a multiple of 16. Default: the model's.")
    )
    sampler_name = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NAME,
        help_text=_(
            "A name of GET /sdapi/v1/samplers; others are passed over. Default: the model's."
        ),
    )
    # What the sampler's name was called before.
    sampler_index = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NAME,
        help_text=_("The earlier word for “sampler_name”."),
    )
    override_settings = StrictObjectField(
        required=False,
        help_text=_("“sd_model_checkpoint” names the model; other settings are passed over."),
    )
    send_images = StrictBooleanField(
        required=False, help_text=_("false: the answer comes without pictures. Default: true.")
    )
    force_task_id = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NAME,
        help_text=_("Your own name of the order: `progress` says it as “current_task”."),
    )


class PictureSerializer(TextSerializer):
    """The honoured words of `POST /sdapi/v1/img2img`."""

    init_images = ShortListField(
        child=StrictCharField(), min_length=1, max_length=1,
        error_messages={
            "min_length": _("Send the picture to start from."),
            "max_length": _("An order starts from one picture; send one order for each."),
        }, help_text=_("The one picture to start from: base64, a data URI, an address or an id.")
    )  # fmt: skip
    mask = StrictCharField(
        required=False,
        allow_blank=True,
        help_text=_("Named as a picture of “init_images” is; white: drawn anew."),
    )
    denoising_strength = StrictFloatField(
        required=False,
        help_text=_("How much of the picture is drawn anew, at most 1. Default: 0.7."),
    )


def read_words(kind: type[TextSerializer], data: Any) -> Said:
    """Return what a body says; null says nothing. Raises naming each word that is wrong or cannot be honoured."""
    if not isinstance(data, dict):
        kind(data=data).is_valid(raise_exception=True)
    said = {name: value for name, value in data.items() if value is not None}
    if refused := [
        name for name, values in ONLY.items() if said.get(name, values[0]) not in values
    ]:
        message = GenerateSerializer.default_error_messages["unsupported"]
        raise serializers.ValidationError({name: [message] for name in refused}, "unsupported")
    # Without a picture to start from it is a word of what is done after the drawing.
    passed = IGNORED | ({"denoising_strength"} - kind().fields.keys())
    rest = {name: value for name, value in said.items() if name not in ONLY.keys() | passed}
    serializer = kind(data=rest)
    serializer.is_valid(raise_exception=True)
    words = serializer.validated_data
    overrides = words.pop("override_settings", {})
    if model := overrides.pop(CHECKPOINT, None):
        words[CHECKPOINT] = model
    ignored = [
        name for name, value in said.items() if name in passed and value not in USUAL.get(name, ())
    ]
    ignored += [f"override_settings.{name}" for name in overrides if overrides[name] is not None]
    return Said(words, ignored)
