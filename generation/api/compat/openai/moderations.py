"""`POST /v1/moderations`: what the hub's own moderation says of texts, as OpenAI's clients ask for it."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.compat.openai import schema
from generation.api.compat.openai.views import OpenAIView
from generation.errors import ModerationUnavailable
from generation.models.term import Category
from generation.moderation.opinions import Opinion, judge_texts
from genhub.api.fields import ShortListField, StrictCharField, StrictSerializer
from genhub.lib.ids import new_id, to_wire
from genhub.lib.limits import LONGEST_TEXT
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from genhub.platforms.rates import Rate

MOST_TEXTS: Final = 32
# Of all the texts together.
MOST_CHARACTERS: Final = 100_000
LONGEST_NAME: Final = 100
# Who judges, whatever model was named: clients always name one.
MODEL: Final = "genhub-moderation"
TEXT: Final = "text"
# OpenAI's categories, all of which its clients look for.
THEIRS: Final = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
# The hub's categories -> OpenAI's of the same meaning; the others keep their names.
NAMES: Final[dict[str, str]] = {
    Category.MINORS: "sexual/minors",
    Category.SELF_HARM: "self-harm",
    Category.ILLEGAL: "illicit",
}


class PartSerializer(StrictSerializer):
    """A part of an input: a text."""

    default_error_messages = {
        "unsupported": _("Texts alone are judged here; pictures are judged when they are made."),
    }

    type = serializers.ChoiceField([TEXT])
    text = StrictCharField(max_length=LONGEST_TEXT)

    def to_internal_value(self, data: Any) -> Any:
        """Return what was said; refuse a picture by what it is."""
        if isinstance(data, dict) and data.get("type") == "image_url":
            message = self.error_messages["unsupported"]
            raise serializers.ValidationError({"type": [message]}, "unsupported")
        return super().to_internal_value(data)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "maxLength": LONGEST_TEXT},
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_TEXTS},
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string", "enum": [TEXT]},
                        "text": {"type": "string"},
                    },
                    "required": ["type", "text"],
                },
                "minItems": 1,
                "maxItems": MOST_TEXTS,
            },
        ]
    }
)
class TextsField(serializers.Field[Any, Any, Any, Any]):
    """A text, texts, or one text in parts; bounded in all."""

    default_error_messages = {
        "max_length": _("At most {most} characters in all; send the rest in another request."),
        "max_texts": _("At most 32 texts; send the rest in another request."),
    }

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the texts of which each has a result, or fail with what is wrong with which."""
        texts = self.read(data)
        if sum(len(text) for text in texts) > MOST_CHARACTERS:
            self.fail("max_length", most=MOST_CHARACTERS)
        return texts

    def read(self, data: Any) -> list[str]:
        """Return the texts, each in its own bounds."""
        text = StrictCharField(max_length=LONGEST_TEXT)
        if not isinstance(data, list):
            return [text.run_validation(data)]
        is_parts = any(isinstance(one, dict) for one in data)
        child = PartSerializer() if is_parts else text
        listed = ShortListField(
            child=child, min_length=1, max_length=MOST_TEXTS,
            error_messages={"max_length": self.error_messages["max_texts"]},
        )  # fmt: skip
        found: list[Any] = listed.run_validation(data)
        return ["\n".join(part["text"] for part in found)] if is_parts else found


class ModerationsSerializer(StrictSerializer):
    """The body of `POST /v1/moderations`."""

    input = TextsField(
        help_text=_("A text, up to 32 texts with a result each, or one text in parts.")
    )
    model = StrictCharField(
        required=False, max_length=LONGEST_NAME, help_text=_("Any name: the hub's own moderation judges.")
    )  # fmt: skip


class JudgedSerializer(serializers.Serializer[Any]):
    """What is said of one text, by category: OpenAI's, and those that the hub or its service has besides."""

    flagged = serializers.BooleanField(help_text=_("Whether anything is objected to."))
    categories = serializers.DictField(
        child=serializers.BooleanField(), help_text=_("By category, whether it is objected to.")
    )
    category_scores = serializers.DictField(
        child=serializers.FloatField(),
        help_text=_("A service's own, where it says them; else 1 for what is objected to, and 0."),
    )
    category_applied_input_types = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text=_("By category, what was looked at: texts."),
    )


class JudgementsSerializer(serializers.Serializer[Any]):
    """What is said of the texts, in their order."""

    id = serializers.CharField(help_text=_("The id of this answer; nothing is kept under it."))
    model = serializers.CharField(help_text=_("Always genhub-moderation."))
    results = JudgedSerializer(many=True, help_text=_("One for each text, in their order."))


class ModerationsView(OpenAIView):
    """Whether texts would be objected to."""

    scopes = {"POST": Scope.TASKS_WRITE}
    rate = Rate.READS
    problems = {"POST": (ModerationUnavailable,)}

    @extend_schema(
        request=ModerationsSerializer,
        responses={200: JudgementsSerializer, **schema.READ, **schema.JUDGED},
        operation_id="moderations_create",
        tags=schema.TAGS,
        summary=_("Ask what moderation says of texts"),
    )
    def post(self, request: Request) -> Response:
        """Answer a result for each text; nothing is ordered, kept or charged. 503 where no service answers."""
        serializer = ModerationsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        opinions = judge_texts(
            serializer.validated_data["input"], local_only=caller_of(request).local_only
        )
        results = [answer_opinion(opinion) for opinion in opinions]
        return Response({"id": to_wire("modr", new_id()), "model": MODEL, "results": results})


def answer_opinion(opinion: Opinion) -> dict[str, Any]:
    """Return what is said of a text in OpenAI's form, with categories of others under their own names."""
    by_terms = {NAMES.get(name, str(name)) for name in opinion.categories}
    hit = by_terms.union(opinion.labels)
    scores = {**dict.fromkeys(hit, 1.0), **opinion.scores, **dict.fromkeys(by_terms, 1.0)}
    names = dict.fromkeys([*THEIRS, *sorted(scores)])
    return {
        "flagged": bool(hit),
        "categories": {name: name in hit for name in names},
        "category_scores": {name: scores.get(name, 0.0) for name in names},
        "category_applied_input_types": {name: [TEXT] for name in names},
    }
