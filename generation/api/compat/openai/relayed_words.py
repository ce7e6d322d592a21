"""The words of `POST /v1/video/generations` as clients of new-api say them, and what they are in the hub's."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.api.compat.openai.video_words import SaysSize, sides_of
from generation.api.compat.openai.words import LONGEST, LONGEST_USER
from generation.orders.clips import CLIP
from genhub.api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)

# Names that mean the same here and there: the order's own check judges them.
SAME: Final = ("prompt", "model", "width", "height", "fps", "seed")
# Several words of its kinds of clients for one of the order's.
ALIASES: Final = {
    "duration": "duration", "seconds": "duration", "image": "image", "images": "image", "input_reference": "image",
    "n": "num_images",
}  # fmt: skip
# The order's word -> the client's, where they differ.
THEIRS: Final[Mapping[str, str]] = {"num_images": "n", "type": "model"}
# Its clients send a number that nobody said as 0.
ZERO_IS_UNSAID: Final = ("duration", "width", "height", "fps", "n")


class VendorWordsSerializer(StrictSerializer):
    """`metadata`: what there vendors have words of their own for."""

    negative_prompt = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST,
        help_text=_("What the clip shall not show."),
    )
    quality = StrictCharField(
        required=False, max_length=20, help_text=_("standard or high. Default: standard.")
    )
    resolution = StrictCharField(
        required=False,
        max_length=20,
        help_text=_("The short side, such as 720p. Default: the model's."),
    )
    audio = StrictBooleanField(
        required=False, help_text=_("Whether it sounds, where the model can. Default: false.")
    )
    last_image = StrictCharField(
        required=False, help_text=_("A picture that the clip ends with, where the model can.")
    )


class RelayedSerializer(SaysSize):
    """The body of `POST /v1/video/generations`."""

    prompt = StrictCharField(max_length=LONGEST, help_text=_("What the clip shows."))
    model = StrictCharField(
        required=False,
        max_length=100,
        help_text=_("A name of GET /v1/models. Default: the platform's."),
    )
    image = StrictCharField(
        required=False, help_text=_("A picture that the clip starts from: an address, a data URI, an id.")
    )  # fmt: skip
    images = serializers.ListField(
        child=StrictCharField(),
        required=False,
        help_text=_("Another word for “image”: a list of one."),
    )
    input_reference = StrictCharField(required=False, help_text=_("Another word for “image”."))
    duration = serializers.IntegerField(required=False, help_text=_("Seconds."))
    seconds = serializers.IntegerField(required=False, help_text=_("Another word for “duration”."))
    size = StrictCharField(
        required=False, max_length=20, help_text=_("Such as 1280x720. Default: the model's.")
    )
    width = StrictIntegerField(required=False, help_text=_("Pixels; or say “size”."))
    height = StrictIntegerField(required=False, help_text=_("Pixels; or say “size”."))
    fps = StrictIntegerField(required=False, help_text=_("Frames a second. Default: the model's."))
    seed = StrictIntegerField(required=False, help_text=_("Default: one is drawn."))
    n = StrictIntegerField(required=False, help_text=_("Clips. Default: 1."))
    response_format = StrictCharField(
        required=False, help_text=_("Only url: a clip comes as a link.")
    )
    user = StrictCharField(
        required=False,
        max_length=LONGEST_USER,
        trim_whitespace=False,
        help_text=_("Who your user is, by your own name; with a platform's key, who pays."),
    )
    metadata = VendorWordsSerializer(required=False)

    def to_internal_value(self, data: Any) -> Any:
        """Return what was said, without what the client only sends along."""
        if isinstance(data, dict):
            data = {name: value for name, value in data.items() if not is_unsaid(name, value)}
        return super().to_internal_value(data)

    def validate_response_format(self, value: str) -> str:
        """Refuse bytes in an answer: a clip has too many of them."""
        if value != "url":
            raise serializers.ValidationError(_("A clip comes as a link: say “url”."), "invalid")
        return value

    def validate_images(self, value: list[str]) -> str:
        """Return the one picture that a clip starts from."""
        if len(value) > 1:
            message = _("An order starts from one picture; send one.")
            raise serializers.ValidationError(message, "too_many")
        return value[0]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is said in two words, so that none of them is dropped."""
        said: dict[str, str] = {"width": "size", "height": "size"} if "size" in attrs else {}
        for name in attrs:
            ours = ALIASES.get(name, name)
            if ours in said:
                message = _("It is said twice: leave it out, or the other word for it.")
                raise serializers.ValidationError({name: [message]}, "twice")
            said[ours] = name
        return attrs


def is_unsaid(name: str, value: Any) -> bool:
    """Return whether a word says nothing, as clients send it whose users said nothing."""
    if value is None or value in ("", [], {}):
        return True
    return name in ZERO_IS_UNSAID and type(value) in {int, float} and value == 0


def to_clip_order(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hub's words for an order of a clip, all but its user."""
    words: dict[str, Any] = {"type": CLIP}
    words |= {name: said[name] for name in SAME if name in said}
    words |= {ours: said[name] for name, ours in ALIASES.items() if name in said}
    words |= sides_of(said.get("size", ""))
    words |= said.get("metadata", {})
    return words
