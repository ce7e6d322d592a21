"""The doors of a user's usual words, and of what to suggest."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api import schema
from generation.api.models import SizeSerializer
from generation.api.orders import customer_of
from generation.api.serializers import GenerateSerializer
from generation.orders import preferences
from generation.orders.brand import ANY
from generation.orders.submit import resolve_for
from generation.orders.suggestions import suggest
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from genhub.retention.holds import UnderHold

USER = OpenApiParameter(
    "user", OpenApiTypes.STR, description=_("Whose they are; required with a platform's key.")
)
SUGGESTED = _("Values of this word, the best first; empty: none.")
EXAMPLES = [
    OpenApiExample(
        "A style, a size and two pictures",
        value={"style_preset": "anime", "width": 256, "height": 256, "num_images": 2},
        request_only=True,
    ),
    OpenApiExample("None of them", value={}, request_only=True),
]


class PreferencesSerializer(GenerateSerializer):
    """Usual words of an order; one that is null or missing is not kept."""

    needs_prompt = False

    def get_fields(self) -> dict[str, Any]:
        """Return the words that an order may take from its user."""
        fields = super().get_fields()
        return {name: fields[name] for name in preferences.PREFERABLE}


class PreferencesAnswer(PreferencesSerializer):
    """A user's usual words of an order; null: none is kept."""

    def get_fields(self) -> dict[str, Any]:
        """Return each word, there or null."""
        fields = super().get_fields()
        for field in fields.values():
            field.required, field.allow_null = True, True
        return fields


class SuggestedSerializer(serializers.Serializer[Any]):
    """Values to suggest, by the word of an order; a size is a width and a height."""

    template = serializers.ListField(child=serializers.CharField(), help_text=SUGGESTED)
    style_preset = serializers.ListField(child=serializers.CharField(), help_text=SUGGESTED)
    model = serializers.ListField(child=serializers.CharField(), help_text=SUGGESTED)
    size = SizeSerializer(many=True, help_text=SUGGESTED)
    quality = serializers.ListField(child=serializers.CharField(), help_text=SUGGESTED)
    mode = serializers.ListField(child=serializers.CharField(), help_text=SUGGESTED)
    num_images = serializers.ListField(child=serializers.IntegerField(), help_text=SUGGESTED)
    steps = serializers.ListField(child=serializers.IntegerField(), help_text=SUGGESTED)
    cfg_scale = serializers.ListField(child=serializers.FloatField(), help_text=SUGGESTED)
    # A field of a serializer has a style of its own, which is another thing.
    style = serializers.ListField(child=serializers.CharField(), help_text=SUGGESTED)  # type: ignore[assignment]
    sampler = serializers.ListField(child=serializers.CharField(), help_text=SUGGESTED)


class SuggestionsAnswer(serializers.Serializer[Any]):
    """What to suggest to a user, at most five values a word."""

    yours = SuggestedSerializer(help_text=_("Kept in this user's newest orders, most often first."))
    platform = SuggestedSerializer(
        help_text=_("Kept by at least three other users of the platform, and not yet by this one.")
    )


class PreferencesView(APIView):
    """What a user usually orders with."""

    scopes = {"GET": Scope.TASKS_READ, "PUT": Scope.TASKS_WRITE, "DELETE": Scope.TASKS_WRITE}
    problems = {"DELETE": (UnderHold,)}

    @extend_schema(
        responses={200: PreferencesAnswer, **schema.REFUSALS},
        parameters=[USER],
        summary=_("Read a user's usual words of an order"),
    )
    def get(self, request: Request) -> Response:
        """Answer each word, null where none is kept."""
        return Response(answer_words(preferences.read(*owner_of(request))))

    @extend_schema(
        request=PreferencesSerializer,
        responses={200: PreferencesAnswer, **schema.REFUSALS, 409: schema.PROBLEM},
        parameters=[USER],
        examples=EXAMPLES,
        summary=_("Keep these usual words of a user, and no others"),
    )
    def put(self, request: Request) -> Response:
        """Keep them when an order would be taken with them, and answer them."""
        platform_id, user = owner_of(request)
        serializer = PreferencesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        words = serializer.validated_data
        customer = customer_of(request, user)
        if "style_preset" not in words:
            # An order that takes these words may name a style itself.
            customer = replace(customer, brand=ANY)
        judge = partial(resolve_for, customer, keeps=False)
        preferences.put(platform_id, user, words, judge)
        return Response(answer_words(words))

    @extend_schema(
        responses={204: None, **schema.REFUSALS, 409: schema.PROBLEM},
        parameters=[USER],
        summary=_("Forget a user's usual words of an order"),
    )
    def delete(self, request: Request) -> Response:
        """Forget them all."""
        preferences.forget(*owner_of(request))
        return Response(status=204)


class SuggestionsView(APIView):
    """What a user might order with."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: SuggestionsAnswer, **schema.REFUSALS},
        parameters=[USER],
        summary=_("What this user, then others of the platform, keep in completed orders"),
    )
    def get(self, request: Request) -> Response:
        """Answer the values of each word, those kept most first."""
        found = suggest(*owner_of(request), caller_of(request).platform.styles)
        for values in (found.yours, found.platform):
            values["size"] = [
                {"width": width, "height": height} for width, height in values["size"]
            ]
        return Response({"yours": found.yours, "platform": found.platform})


def owner_of(request: Request) -> tuple[uuid.UUID, str]:
    """Return whose rows are meant: the key's user, or the one whom a platform's key names."""
    caller = caller_of(request)
    return caller.platform.pk, caller.user_for_write(request.query_params.get("user"))


def answer_words(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return every word that a user may prefer, so that what is read can be changed and sent back."""
    return {name: words.get(name) for name in preferences.PREFERABLE}
