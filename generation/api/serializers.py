"""Request words: their types and absolute limits; what a model allows is decided later, by its card."""

import json
import re
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.models.taste import LONGEST_SUBJECT
from generation.orders.cache import MODES
from generation.orders.resolve import PROMPT_REQUIRED
from generation.spec import LARGEST_SEED
from genhub.api.fields import (
    ShortListField,
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictObjectField,
    StrictSerializer,
)
from genhub.api.order_words import QUALITIES as OWN_QUALITIES
from genhub.api.order_words import FormSerializer, SettableWords
from genhub.lib.limits import LONGEST_TEXT, MOST_REFERENCES
from genhub.webhooks.models import LONGEST_URL

LARGEST_METADATA_KEYS = 50
LARGEST_METADATA_BYTES = 16_384
QUALITIES = (*OWN_QUALITIES, "hd")
# Less would leave no step to take.
SMALLEST_STRENGTH = 0.01
# Proxies take even an escaped slash for a step of a path, or refuse it.
UNFIT = re.compile(r"[/\x00-\x1f\x7f]")


class TermsSerializer(StrictSerializer):
    """Where the end of an order is told, and which times it has."""

    webhook = StrictCharField(
        required=False, max_length=LONGEST_URL,
        help_text=_("An https:// address that is told how the task ends, signed by the platform's endpoint without an "
                    "address of its own (POST webhooks)."),
    )  # fmt: skip
    timeout = StrictIntegerField(
        required=False, min_value=1,
        help_text=_("Seconds that it may take once it has begun; then it fails with `timed_out`. Default: 120 a picture of the "
                    "hub's own engine, the provider's limit elsewhere."),
    )  # fmt: skip
    expires_in = StrictIntegerField(
        required=False, min_value=1,
        help_text=_("Seconds from now: what has not begun by then fails with `expired` and never begins. Default: a day."),
    )  # fmt: skip


class GenerateSerializer(SettableWords, FormSerializer, TermsSerializer):
    """An order: `template` + `parameters`, or a direct one."""

    # Words of the API that no provider of this hub honours yet: refused by name, never dropped.
    UNSUPPORTED = frozenset({"response_format"})
    # Whether it is a whole order, and no part of one.
    needs_prompt = True
    DEFAULTS = {"response_format": "url"}
    default_error_messages = {
        "unsupported": _("This hub does not honour this word yet; leave it out.")
    }

    template = StrictCharField(
        required=False, max_length=100, help_text=_("A published template's code.")
    )
    parameters = StrictObjectField(required=False, help_text=_("The template's schema decides."))
    type = serializers.ChoiceField(
        ["image", "video"], required=False, help_text=_("Default: image.")
    )
    prompt = StrictCharField(
        required=False, max_length=LONGEST_TEXT, help_text=_("Required without a template.")
    )
    negative_prompt = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_TEXT,
        help_text=_("Default: the model's."),
    )
    seed = StrictIntegerField(
        required=False, min_value=0, max_value=LARGEST_SEED,
        help_text=_("The first picture's; each further picture takes the next. Default: one drawn for each."),
    )  # fmt: skip
    subject = StrictCharField(
        required=False, max_length=LONGEST_SUBJECT,
        help_text=_("A series, a character, a session: your orders of one share its first one's seed. Default: none."),
    )  # fmt: skip
    image = StrictCharField(
        required=False,
        help_text=_("A picture to start from: the id of one of yours, uploaded or of an earlier task; its https:// address; "
                    "or data:image/png;base64,… Its size is the default."),
    )  # fmt: skip
    mask = StrictCharField(
        required=False,
        help_text=_(
            "A picture of the same shape, named as “image” is; white where that is drawn anew."
        ),
    )
    references = ShortListField(
        child=StrictCharField(), required=False, max_length=MOST_REFERENCES, allow_empty=False,
        help_text=_("Pictures of what it shall look like, each named as “image” is; they may have any shape. How many a model "
                    "takes, GET models says. Default: those of the style alone."),
    )  # fmt: skip
    strength = StrictFloatField(
        required=False, min_value=SMALLEST_STRENGTH, max_value=1,
        help_text=_("How much of “image” is drawn anew: of 12 steps, 0.5 takes 6. Default: 0.7."),
    )  # fmt: skip
    last_image = StrictCharField(
        required=False,
        help_text=_("A picture that a clip ends with, named as “image” is, and of its shape."),
    )
    quality = serializers.ChoiceField(
        QUALITIES, required=False, help_text=_("Default: standard. hd means high.")
    )
    # A field of a serializer has a style of its own, which is another thing.
    style = serializers.ChoiceField(  # type: ignore[assignment]
        ["vivid", "natural"], required=False,
        help_text=_("Where the model has it (“styles” of GET models). Default: the model's."),
    )  # fmt: skip
    sampler = StrictCharField(
        required=False, max_length=100,
        help_text=_("Where the model has it (“samplers” of GET models). Default: the model's."),
    )  # fmt: skip
    priority = serializers.ChoiceField(
        ["low", "normal", "high"], required=False,
        help_text=_("Default: normal, or the highest that your plan allows below it."),
    )  # fmt: skip
    user = StrictCharField(
        # A name is kept as it was said: reads compare it letter by letter.
        required=False,
        max_length=200,
        trim_whitespace=False,
        help_text=_("Required with a platform's key."),
    )
    cache = serializers.ChoiceField(
        MODES, required=False,
        help_text=_("Whether a picture that was drawn before for the same words will do. auto: where the order names a seed, or "
                    "its template says so; off: it is drawn anew; only: nothing is drawn. Default: auto."),
    )  # fmt: skip
    use_preferences = StrictBooleanField(
        required=False,
        help_text=_("Your usual words (PUT me/preferences) fill in what the order does not say. Default: false."),
    )  # fmt: skip
    metadata = StrictObjectField(
        required=False, help_text=_("Yours: kept with the task and answered with it.")
    )

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated words, or fail naming each that this hub cannot honour."""
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        data = {name: value for name, value in data.items() if not self.is_default(name, value)}
        if unsupported := sorted(self.UNSUPPORTED & set(data)):
            message = self.error_messages["unsupported"]
            raise serializers.ValidationError(
                {name: [message] for name in unsupported}, code="unsupported"
            )
        return super().to_internal_value(data)

    def find_missing(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return that a prompt is missing, where no template has one: its name may be the one that was misspelt."""
        if not self.needs_prompt or {"prompt", "template"} & set(said):
            return {}
        return {"prompt": [serializers.ErrorDetail(gettext(PROMPT_REQUIRED), "required")]}

    def is_default(self, name: str, value: Any) -> bool:
        """Return whether a word that is not honoured says only what happens anyway."""
        if name in self.UNSUPPORTED and value is None:
            return True
        return name in self.DEFAULTS and value == self.DEFAULTS[name]

    def validate_subject(self, value: str) -> str:
        """Refuse a name that no address can hold: a subject is forgotten at its own."""
        if UNFIT.search(value) or value in {".", ".."}:
            message = gettext("A name without “/” and control characters, and not “.” or “..”.")
            raise serializers.ValidationError(message, "invalid")
        return value

    def validate_quality(self, value: str) -> str:
        """Return `high` for its alias `hd`."""
        return standard_quality(value)

    def validate_references(self, value: list[str]) -> tuple[str, ...]:
        """Return pictures as an order has them."""
        return tuple(value)

    def validate_loras(self, value: list[dict[str, Any]]) -> tuple[tuple[str, float | None], ...]:
        """Return names and scales as an order has them."""
        return tuple((lora["name"], lora.get("scale")) for lora in value)

    def validate_metadata(self, value: dict[str, Any]) -> dict[str, Any]:
        """Refuse more than anybody needs: each page of a list answers it a hundred times."""
        if len(value) > LARGEST_METADATA_KEYS:
            message = gettext("At most %(most)s keys.") % {"most": LARGEST_METADATA_KEYS}
            raise serializers.ValidationError(message, "too_many")
        # Characters as they are: an escape would count each Chinese one twice.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode("utf-8", "surrogatepass")) > LARGEST_METADATA_BYTES:
            message = gettext("At most %(most)s bytes of JSON.") % {"most": LARGEST_METADATA_BYTES}
            raise serializers.ValidationError(message, "too_large")
        return value


def standard_quality(value: str) -> str:
    """Return the quality's own word: `high` for its alias `hd`."""
    return "high" if value == "hd" else value
