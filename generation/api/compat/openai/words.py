"""The words of an order as OpenAI's clients say them, and what they are in the hub's."""

import re
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.api.serializers import SMALLEST_STRENGTH
from generation.spec import REFERENCES
from genhub.api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
)
from genhub.lib.limits import MOST_REFERENCES

SIZE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
AUTO = "auto"
LONGEST = 100_000
LONGEST_USER = 200
MOST_PARTIALS = 3
MOST_PICTURES = 1 + MOST_REFERENCES
# OpenAI's quality -> the hub's words.
QUALITIES: dict[str, dict[str, str]] = {
    AUTO: {},
    "low": {"mode": "fast"},
    "medium": {"quality": "standard"},
    "standard": {"quality": "standard"},
    "high": {"quality": "high"},
    "hd": {"quality": "high"},
}
LOSSY, WHOLE = ("jpeg", "webp"), 100
OUTPUT_FORMATS = ("png", "jpeg", "webp")
KINDS = ("url", "b64_json")
# Names that mean the same here and there: the order's own check judges them.
SAME = ("prompt", "model", "style", "seed", "negative_prompt", "strength")
# Words whose only value is what happens anyway.
ONLY: dict[str, tuple[Any, ...]] = {"background": (AUTO, "opaque"), "moderation": (AUTO,)}
# How much is drawn anew of a picture that an edit shall keep to.
FAITHFUL_STRENGTH = 0.4
FIDELITIES: dict[str, dict[str, float]] = {"low": {}, "high": {"strength": FAITHFUL_STRENGTH}}


class GenerationsSerializer(StrictSerializer):
    """The body of `POST /v1/images/generations`; `seed` and `negative_prompt` are the hub's own besides."""

    default_error_messages = {
        "unsupported": _("This hub does not honour this word yet; leave it out."),
    }

    prompt = StrictCharField(max_length=LONGEST, help_text=_("What the pictures show."))
    model = StrictCharField(
        required=False,
        max_length=100,
        help_text=_("A name of GET /v1/models. Default: the platform's."),
    )
    n = StrictIntegerField(required=False, help_text=_("Pictures. Default: 1."))
    size = StrictCharField(
        required=False,
        max_length=20,
        help_text=_(
            "“auto”, or width and height in pixels such as “1024x1024”. Default: the model's."
        ),
    )
    quality = serializers.ChoiceField(
        list(QUALITIES),
        required=False,
        help_text=_("low: fewer steps; high and hd: high; all others: standard."),
    )
    style = StrictCharField(
        required=False,
        max_length=100,
        help_text=_("Where the model has it (“styles” of GET models). Default: the model's."),
    )  # type: ignore[assignment]
    response_format = serializers.ChoiceField(
        KINDS, required=False, help_text=_("Links or base64. Default: both.")
    )
    user = StrictCharField(
        required=False,
        max_length=LONGEST_USER,
        trim_whitespace=False,
        help_text=_("Who your user is, by your own name; with a platform's key, who pays."),
    )
    safety_identifier = StrictCharField(
        required=False,
        max_length=LONGEST_USER,
        trim_whitespace=False,
        help_text=_("The newer word for “user”; it counts where both are said."),
    )
    background = StrictCharField(
        required=False,
        max_length=20,
        help_text=_("Only auto or opaque, which is what is done anyway."),
    )
    moderation = StrictCharField(
        required=False, max_length=20, help_text=_("Only auto, which is what is done anyway.")
    )
    output_format = serializers.ChoiceField(
        OUTPUT_FORMATS,
        required=False,
        help_text=_("Of the bytes in the answer. Default: as stored."),
    )
    output_compression = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=WHOLE,
        help_text=_("Quality of jpeg and webp: 100 is the best. Default: 100."),
    )
    stream = StrictBooleanField(
        required=False, help_text=_("true: the answer comes as events, with pictures under way.")
    )
    partial_images = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=MOST_PARTIALS,
        help_text=_("How many pictures under way a stream tells, from 0 to 3. Default: 0."),
    )
    seed = StrictIntegerField(
        required=False,
        help_text=_(
            "The first picture's; each further picture takes the next. Default: one drawn for each."
        ),
    )
    negative_prompt = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST,
        help_text=_("What the pictures shall not show."),
    )

    def to_internal_value(self, data: Any) -> Any:
        """Return what was said; null says nothing. Words that nothing here could honour are refused by name."""
        if isinstance(data, dict):
            data = {name: value for name, value in data.items() if value is not None}
        said = super().to_internal_value(data)
        message = self.error_messages["unsupported"]
        refused = [
            name for name, values in ONLY.items() if name in said and said[name] not in values
        ]
        if refused:
            raise serializers.ValidationError({name: [message] for name in refused}, "unsupported")
        return said

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a format for links, which lead to the picture as it is stored, and links in a stream."""
        kind, is_link = attrs.get("output_format"), attrs.get("response_format") == "url"
        if kind and is_link:
            message = _("Bytes only: leave “response_format” out, or say “b64_json”.")
            raise serializers.ValidationError({"output_format": [message]}, "invalid")
        if attrs.get("output_compression", WHOLE) != WHOLE and kind not in LOSSY:
            message = _("It goes with “output_format” jpeg or webp.")
            raise serializers.ValidationError({"output_compression": [message]}, "invalid")
        if attrs.get("stream") and is_link:
            message = _("Events carry bytes: leave it out, or say “b64_json”.")
            raise serializers.ValidationError({"response_format": [message]}, "invalid")
        if attrs.get("partial_images") and not attrs.get("stream"):
            message = _("It goes with “stream”.")
            raise serializers.ValidationError({"partial_images": [message]}, "invalid")
        return attrs

    def validate_size(self, value: str) -> str:
        """Refuse what is neither a size nor left to the model."""
        if value != AUTO and not SIZE.fullmatch(value):
            message = _("“auto”, or width and height in pixels such as “1024x1024”.")
            raise serializers.ValidationError(message, "invalid")
        return value


class PictureSerializer(StrictSerializer):
    """A picture to start from: its address, a data URI, or the id of one of the user's."""

    image_url = StrictCharField(
        required=False, help_text=_("An address that the hub may fetch, or a data URI.")
    )
    file_id = StrictCharField(
        required=False, help_text=_("The id of a picture of the same user: `art_…`.")
    )

    def to_internal_value(self, data: Any) -> Any:
        """Return which picture it is, as an order names it."""
        said = super().to_internal_value(data)
        if len(said) != 1:
            message = _("Say one of “image_url” and “file_id”.")
            raise serializers.ValidationError({"image_url": [message]}, "required")
        return next(iter(said.values()))


class EditsSerializer(GenerationsSerializer):
    """The body of `POST /v1/images/edits`; `strength` is the hub's own besides."""

    image: "serializers.ListSerializer[Any]" = serializers.ListSerializer(
        child=PictureSerializer(), allow_empty=False
    )
    mask = PictureSerializer(required=False)
    input_fidelity = serializers.ChoiceField(list(FIDELITIES), required=False)
    strength = StrictFloatField(required=False, min_value=SMALLEST_STRENGTH, max_value=1)

    def to_internal_value(self, data: Any) -> Any:
        """Return what was said; refuse more pictures than any model takes. JSON calls `images` what a form calls
        `image`."""
        if isinstance(data, dict):
            data = {"image" if name == "images" else name: value for name, value in data.items()}
            if isinstance(data.get("image"), list) and len(data["image"]) > MOST_PICTURES:
                message = gettext("At most %(limit)s pictures.") % {"limit": MOST_PICTURES}
                raise serializers.ValidationError({"image": [message]}, "too_many")
        return super().to_internal_value(data)


def to_order(said: dict[str, Any]) -> dict[str, Any]:
    """Return the hub's words for an order, all but its user."""
    words: dict[str, Any] = dict(FIDELITIES[said.get("input_fidelity", "low")])
    words |= {name: said[name] for name in SAME if name in said}
    words |= QUALITIES[said.get("quality", AUTO)]
    if kind := said.get("output_format"):
        words["output_format"] = kind
        if kind in LOSSY and "output_compression" in said:
            words["output_compression"] = said["output_compression"]
    if "n" in said:
        words["num_images"] = said["n"]
    if found := SIZE.fullmatch(said.get("size", AUTO)):
        words |= {"width": int(found[1]), "height": int(found[2])}
    if "image" in said:
        words["image"], *others = said["image"]
        # What comes after the first is looked at: whether the model does that, its order says.
        words |= {REFERENCES: others} if others else {}
    if "mask" in said:
        words["mask"] = said["mask"]
    return words


def user_of(said: dict[str, Any]) -> str | None:
    """Return who the client says that its user is; the newer word counts where both are said, as it does there."""
    named: str | None = said.get("safety_identifier") or said.get("user")
    return named
