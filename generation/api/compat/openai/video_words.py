"""The words of a clip as OpenAI's clients say them, and what they are in the hub's."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.api.compat.openai.forms import FLAGS, WHOLE_NUMBER, EditParser, data_uri
from generation.api.compat.openai.words import LONGEST, LONGEST_USER, SIZE, PictureSerializer
from generation.orders.clips import CLIP
from genhub.api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from genhub.lib.errors import gettext_noop
from storage.api.parsers import MalformedForm

# Names that mean the same here and there: the order's own check judges them.
SAME: Final = ("prompt", "model", "seed", "negative_prompt", "fps", "audio", "quality")
# OpenAI's word -> the order's.
NAMES: Final = {"seconds": "duration", "input_reference": "image", "last_image": "last_image"}
# The order's word -> the word of OpenAI's that it was made of.
THEIRS: Final[Mapping[str, str]] = {
    "duration": "seconds", "image": "input_reference", "width": "size", "height": "size", "type": "model",
}  # fmt: skip
PICTURES: Final = ("input_reference", "last_image")
WHOLE_NUMBERS: Final = frozenset({"fps", "seed"})
UNFIT_SIZE: Final = _("Width and height in pixels, such as “1280x720”.")


class ReferenceSerializer(PictureSerializer):
    """A picture that a clip starts from; relays say no more than its address."""

    def to_internal_value(self, data: Any) -> Any:
        """Return which picture it is, as an order names it."""
        return super().to_internal_value({"image_url": data} if isinstance(data, str) else data)


class SaysSize(StrictSerializer):
    """A body in which `size` is width and height, never left to the model."""

    def validate_size(self, value: str) -> str:
        """Refuse what is no size."""
        if not SIZE.fullmatch(value):
            raise serializers.ValidationError(UNFIT_SIZE, "invalid")
        return value


class VideoWords(SaysSize):
    """What a clip's order says besides its pictures; all that OpenAI has not is the hub's own."""

    prompt = StrictCharField(max_length=LONGEST, help_text=_("What the clip shows."))
    model = StrictCharField(
        required=False,
        max_length=100,
        help_text=_("A name of GET /v1/models. Default: the platform's."),
    )
    seconds = serializers.IntegerField(
        required=False, help_text=_("As a number or a text. Default: the model's.")
    )
    size = StrictCharField(
        required=False, max_length=20, help_text=_("Such as 1280x720. Default: the model's.")
    )
    seed = StrictIntegerField(required=False, help_text=_("Default: one is drawn."))
    negative_prompt = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST,
        help_text=_("What the clip shall not show."),
    )
    fps = StrictIntegerField(required=False, help_text=_("Frames a second. Default: the model's."))
    audio = StrictBooleanField(
        required=False, help_text=_("Whether it sounds, where the model can. Default: false.")
    )
    quality = StrictCharField(
        required=False, max_length=20, help_text=_("standard or high. Default: standard.")
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


class VideosSerializer(VideoWords):
    """The body of `POST /v1/videos`."""

    input_reference = ReferenceSerializer(required=False)
    last_image = ReferenceSerializer(required=False)


def to_clip_order(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hub's words for an order of a clip, all but its user."""
    words: dict[str, Any] = {"type": CLIP}
    words |= {name: said[name] for name in SAME if name in said}
    words |= {ours: said[theirs] for theirs, ours in NAMES.items() if theirs in said}
    return words | sides_of(said.get("size", ""))


def sides_of(size: str) -> dict[str, int]:
    """Return width and height of a size; nothing where none was said."""
    found = SIZE.fullmatch(size)
    return {"width": int(found[1]), "height": int(found[2])} if found else {}


class MalformedVideo(MalformedForm):
    """The form cannot be taken apart."""

    code = "malformed_video"
    detail = gettext_noop(
        "Send texts and a picture as parts of one multipart/form-data body: “prompt”, “input_reference”."
    )


class VideoParser(EditParser):
    """A form with texts and pictures, as OpenAI's own client sends it. It becomes what the same order is in JSON."""

    malformed = MalformedVideo

    def read(self, fields: Any, files: Any) -> dict[str, Any]:
        """Return the words of a form. A word that comes twice stays a list, which its field refuses."""
        said: dict[str, Any] = {}
        for name, texts in fields.lists():
            word, values = name_part(name), [read_text(name, text) for text in texts]
            said[word] = values if len(values) > 1 or word in said else values[0]
        for name, sent in files.lists():
            values = [{"image_url": data_uri(file)} for file in sent]
            said[name] = values if len(values) > 1 or name in said else values[0]
        return said


def name_part(name: str) -> str:
    """Return the word that a part of a form says: that of `input_reference[image_url]` is `input_reference`."""
    word, bracket, _key = name.partition("[")
    return word if bracket and word in PICTURES else name


def read_text(name: str, text: str) -> Any:
    """Return the value that a text stands for; what is none stays text, which its field refuses."""
    if name_part(name) != name:
        return {name.partition("[")[2].removesuffix("]"): text}
    if name in WHOLE_NUMBERS and WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if name == "audio":
        return FLAGS.get(text.lower(), text)
    return text
