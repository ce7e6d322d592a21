"""What the tools are called, what they take, and what an assistant is told of them."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.api.serializers import GenerateSerializer
from genhub.api.fields import StrictCharField, StrictIntegerField, StrictSerializer
from genhub.api.idempotency import LONGEST_IDEMPOTENCY_KEY_BYTES
from genhub.platforms.authentication import LONGEST_USER

# Assistants' own programs give up after a minute, unless they are told of progress.
USUAL_SECONDS, LONGEST_SECONDS = 45, 300
LONGEST_ID = 100
# One text for all: it is said before anybody knows for whom.
INSTRUCTIONS = (
    "This hub draws pictures and takes credits for them. generate_image orders and waits; where it answers a task that is "
    "still under way, ask get_task for it and do not order again. Show people the links: those of “links” open for anybody "
    "for some minutes, those of the task need the API key and never die."
)
WAIT_WORDS: dict[str, Any] = {
    "required": False, "min_value": 0, "max_value": LONGEST_SECONDS,
    "help_text": _("Answer after so many seconds at the latest, with the task as it stands then."),
}  # fmt: skip


class TaskSerializer(StrictSerializer):
    """Words that name a task."""

    task_id = StrictCharField(max_length=LONGEST_ID, help_text=_("As the order's answer names it."))


class WaitSerializer(TaskSerializer):
    """Words that name a task and say how long to wait for it."""

    wait_seconds = StrictIntegerField(**WAIT_WORDS)


class OrderSerializer(StrictSerializer):
    """Words of an assistant besides the order's own."""

    wait_seconds = StrictIntegerField(**WAIT_WORDS)
    idempotency_key = StrictCharField(
        required=False, max_length=LONGEST_IDEMPOTENCY_KEY_BYTES,
        help_text=_("A name for this order: the same key and words again answer the same task, and cost nothing."),
    )  # fmt: skip


class UserSerializer(StrictSerializer):
    """Words that name a user."""

    user = StrictCharField(
        required=False, max_length=LONGEST_USER, trim_whitespace=False,
        help_text=_("Required with a platform's key."),
    )  # fmt: skip


class OrderWords(OrderSerializer, GenerateSerializer):
    """All words of an assistant's order."""


class NoWords(StrictSerializer):
    """Of a tool that takes none."""


@dataclass(frozen=True)
class ToolWords:
    """What an assistant is told of a tool. `reads`: it changes nothing; `repeats`: a second call does nothing more;
    `left_out`: words that are the hub's, and none of this tool's."""

    title: str | Promise
    description: str | Promise
    takes: type[StrictSerializer]
    reads: bool = False
    repeats: bool = False
    left_out: frozenset[str] = frozenset()


TOOLS: dict[str, ToolWords] = {
    "generate_image": ToolWords(
        _("Generate pictures"),
        _(
            "Order pictures from a prompt, or from a template and its parameters, and wait for them. It costs credits; what "
            "fails costs nothing. Answers the task, links, and the pictures themselves where they are small."
        ),
        OrderWords,
        # What this tool is about.
        left_out=frozenset({"type"}),
    ),
    "get_task": ToolWords(
        _("Look at an order"),
        _("Read a task: its state, its place in the queue, its pictures once it is completed, and its credits."),
        WaitSerializer,
        reads=True,
    ),
    "cancel_task": ToolWords(
        _("Cancel an order"),
        _("End a task that is not done yet, and get back the credits that were held for it."),
        TaskSerializer,
        repeats=True,
    ),
    "list_templates": ToolWords(
        _("List templates"),
        _(
            "List the published templates, with the parameters that each takes and its price. generate_image takes “template” "
            "and “parameters”."
        ),
        NoWords,
        reads=True,
    ),
    "get_credits": ToolWords(
        _("Read the credits"),
        _("Read how many credits are available and held, and what the API key's budgets leave."),
        UserSerializer,
        reads=True,
    ),
}  # fmt: skip

TYPES: list[tuple[type[serializers.Field[Any, Any, Any, Any]], str]] = [
    (serializers.BooleanField, "boolean"),
    (serializers.IntegerField, "integer"),
    (serializers.FloatField, "number"),
    (serializers.ChoiceField, "string"),
    (serializers.CharField, "string"),
    (serializers.DictField, "object"),
]
# JSON Schema's limit -> what fields call it.
LIMITS = {
    "minimum": "min_value", "maximum": "max_value", "minLength": "min_length", "maxLength": "max_length",
}  # fmt: skip


def describe_words(tool: ToolWords) -> dict[str, Any]:
    """Return the JSON Schema of what a tool takes, in the active language."""
    fields = {
        name: field for name, field in tool.takes().fields.items() if name not in tool.left_out
    }
    return describe_object(fields)


def describe_object(fields: Any) -> dict[str, Any]:
    """Return the JSON Schema of an object with these fields and no others."""
    required = [name for name, field in fields.items() if field.required]
    return {
        "type": "object",
        "properties": {name: describe_field(field) for name, field in fields.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def describe_field(field: Any) -> dict[str, Any]:
    """Return the JSON Schema of one word."""
    said = {"description": str(field.help_text)} if field.help_text else {}
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        return {
            "type": "array",
            "items": describe_field(field.child),
            **({"maxItems": most} if (most := getattr(field, "max_length", None)) else {}),
            **said,
        }
    if isinstance(field, serializers.Serializer):
        return describe_object(field.fields) | said
    kind = next(name for kind, name in TYPES if isinstance(field, kind))
    limits = {name: getattr(field, own, None) for name, own in LIMITS.items()}
    found: dict[str, Any] = {"type": kind, **said}
    if isinstance(field, serializers.ChoiceField):
        found["enum"] = list(field.choices)
    return found | {name: limit for name, limit in limits.items() if limit is not None}
