"""The words of a prediction as Replicate's clients say them, and what they are in the hub's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from generation.accounts.other_names import is_name
from generation.api import waits
from generation.spec import PICTURES, REFERENCES
from genhub.api.fields import StrictBooleanField, StrictCharField, StrictSerializer
from genhub.api.problems import flatten
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field

# Models' words there -> the order's here; all others are named alike, and the order's own check judges them.
NAMES = {
    "num_outputs": "num_images",
    "num_inference_steps": "steps",
    "guidance_scale": "cfg_scale",
    "guidance": "cfg_scale",
    "prompt_strength": "strength",
    "scheduler": "sampler",
}
# Named to the client as models there call them most.
THEIRS = {ours: theirs for theirs, ours in reversed(NAMES.items())}
LONGEST_NAME = 300
# `Prefer: wait` without a number. Its clients read for half a second longer than a minute, and order anew then.
USUAL_SECONDS = 55
INPUT = "input"


class PredictionSerializer(StrictSerializer):
    """The body of a create; whatever the model takes stands in `input`."""

    default_error_messages = {
        "webhook": _(
            "The hub's webhooks have another body. Leave it out; “webhook” inside “input” names the hub's own."
        ),
        "unsupported": _("This hub does not honour this word yet; leave it out."),
    }

    version = StrictCharField(required=False, max_length=LONGEST_NAME)
    input = serializers.DictField()
    stream = StrictBooleanField(required=False)
    webhook = StrictCharField(required=False)
    webhook_completed = StrictCharField(required=False)
    webhook_events_filter = serializers.ListField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse by name what would not be done."""
        refused = {
            name: [self.error_messages["webhook"]] for name in attrs if name.startswith("webhook")
        }
        if attrs.get("stream"):
            refused["stream"] = [self.error_messages["unsupported"]]
        if refused:
            raise serializers.ValidationError(refused, "unsupported")
        return attrs


def read_body(data: Any) -> dict[str, Any]:
    """Return what was said; raise naming each word that is wrong."""
    serializer = PredictionSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def to_order(said: Mapping[str, Any], model: str, *, pictures_at: str) -> dict[str, Any]:
    """Return the hub's words for a prediction's input; `pictures_at`: how addresses of the hub's pictures begin, which
    orders call by their ids."""
    words: dict[str, Any] = {"model": model}
    for name, value in said.items():
        own = NAMES.get(name, name)
        if own in words:
            message = gettext_noop("It is said twice: leave it out, or the other word for it.")
            raise refuse_field(name, "twice", message)
        words[own] = value
    for name in PICTURES:
        if isinstance(value := words.get(name), str):
            words[name] = value.removeprefix(pictures_at)
    if isinstance(several := words.get(REFERENCES), list):
        words[REFERENCES] = [
            value.removeprefix(pictures_at) if isinstance(value, str) else value
            for value in several
        ]
    return words


def find_model(owner: str, name: str) -> str:
    """Return how the hub calls a model: as it is called there, if staff named one so, else without its owner."""
    whole = f"{owner}/{name}"
    return whole if is_name(whole) else name


def model_of(version: str) -> str:
    """Return the model of a version: `owner/name`, with or without a version of its own, or the hub's name."""
    owner, slash, name = version.partition("/")
    return find_model(owner, name.partition(":")[0]) if slash else version


@contextmanager
def naming_input() -> Iterator[None]:
    """Name what is wrong with an order as its client called it: a word of `input`."""
    try:
        yield
    except ValidationError as error:
        raise rename(list(flatten(error.detail))) from None
    except InvalidRequest as error:
        raise rename(error.errors) from None


def rename(errors: Any) -> InvalidRequest:
    """Return a refusal whose fields are words of `input`."""
    return InvalidRequest(errors=[replace(error, field=name_of(error)) for error in errors])


def name_of(error: FieldError) -> str:
    """Return what a client called the field of an error; the model is named by the address or the version."""
    name, dot, rest = error.field.partition(".")
    return name if name == "model" else f"{INPUT}.{THEIRS.get(name, name)}{dot}{rest}"


def read_prefer(request: Request) -> int | None:
    """Return for how many seconds the caller would wait, or None."""
    preferences = request.headers.get("Prefer", "").split(",")
    if any(preference.strip().lower() == "wait" for preference in preferences):
        return USUAL_SECONDS
    return waits.read_wait(request)


def refuse_cancel_after(request: Request) -> None:
    """Raise for a header that would end the prediction: it is not honoured, so it is not dropped either."""
    if "Cancel-After" in request.headers:
        message = gettext_noop("Leave it out; “timeout” inside “input” is the hub's word for it.")
        raise refuse_field("Cancel-After", "unsupported", message)
