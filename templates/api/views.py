"""The doors to what can be ordered, templates and styles, and to the phrases that help a prompt."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from genhub.api import field_words
from genhub.api.negotiation import WhateverIsAccepted
from genhub.api.pages import ProblemSerializer
from genhub.lib.errors import NotFound, gettext_noop
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from templates.chains import MEDIA_TYPES, made_by
from templates.models import Phrase, Purpose, Style
from templates.pictures import find_shown, read_picture
from templates.rendering import Recipe, schema_of
from templates.selectors import find_recipe, list_phrases, list_recipes, list_styles

UNAUTHORIZED = {401: OpenApiResponse(ProblemSerializer)}


class TemplateSerializer(serializers.Serializer[Any]):
    """A template that can be ordered; `parameters` is the JSON Schema that an order's parameters must meet."""

    code = serializers.CharField(help_text=field_words.TEMPLATE_CODE)
    name = serializers.CharField(help_text=field_words.TEMPLATE_NAME)
    version = serializers.IntegerField(
        help_text=_("The number of the published version, which new orders run.")
    )
    category = serializers.CharField(help_text=field_words.TEMPLATE_CATEGORY)
    media_type = serializers.CharField(help_text=_("What its last step makes."))
    chain = serializers.ListField(
        child=serializers.ChoiceField(MEDIA_TYPES),
        help_text=_("What each step makes, of a template that has several; else empty."),
    )
    parameters = serializers.DictField(
        help_text=_("The JSON Schema (2020-12) that “parameters” of an order must meet.")
    )
    example_url = serializers.URLField(
        allow_null=True, help_text=_("A small JPEG of what it makes; null: it has none.")
    )
    price = serializers.IntegerField(
        allow_null=True, help_text=_("Credits a picture; null: the hub's.")
    )


class TemplateListSerializer(serializers.Serializer[Any]):
    """Every template that can be ordered."""

    items = TemplateSerializer(
        many=True, help_text=_("Every template that your platform may order.")
    )


class StyleSerializer(serializers.ModelSerializer[Style]):
    """A style that an order can wear."""

    code = serializers.CharField(help_text=_("What orders name as “style_preset”."))
    name = serializers.CharField(
        source="__str__", help_text=_("Its name in the reader's language.")
    )
    name_en = serializers.CharField(help_text=_("Its name in English."))
    name_zh = serializers.CharField(help_text=_("Its name in Chinese."))
    references = serializers.SerializerMethodField(
        help_text=_("How many pictures of its own it shows to models that look at some.")
    )

    class Meta:
        model = Style
        fields = ("code", "name", "name_en", "name_zh", "references")

    def get_references(self, style: Style) -> int:
        """Return how many: the pictures are the hub's."""
        return len(style.references)


class StyleListSerializer(serializers.Serializer[Any]):
    """Every style."""

    items = StyleSerializer(
        many=True, help_text=_("Every style that your platform's orders may wear.")
    )


class PhraseSerializer(serializers.ModelSerializer[Phrase]):
    """Words that help a prompt."""

    purpose = serializers.ChoiceField(
        Purpose.choices, help_text=_("What it is good for; negative: in negative prompts.")
    )
    text = serializers.CharField(source="__str__", help_text=_("In the reader's language."))
    text_en = serializers.CharField(help_text=_("In English."))
    text_zh = serializers.CharField(help_text=_("In Chinese."))

    class Meta:
        model = Phrase
        fields = ("purpose", "text", "text_en", "text_zh")


class PhraseListSerializer(serializers.Serializer[Any]):
    """Every phrase, those of one purpose together."""

    items = PhraseSerializer(many=True, help_text=_("Every phrase, those of one purpose together."))


class TemplateListView(APIView):
    """The published templates."""

    @extend_schema(
        responses={200: TemplateListSerializer, **UNAUTHORIZED}, summary=_("List templates")
    )
    def get(self, request: Request) -> Response:
        """Answer every template that the caller's platform may order, with its parameter schema."""
        recipes = list_recipes(caller_of(request).platform.pk)
        shown = find_shown([recipe.version_id for recipe in recipes])
        items = [
            {
                "code": recipe.code,
                "name": recipe.name,
                "version": recipe.number,
                "category": recipe.category,
                "media_type": made_by(recipe)[-1],
                "chain": made_by(recipe) if recipe.chain else [],
                "parameters": schema_of(recipe),
                "example_url": address_of(recipe, request) if recipe.version_id in shown else None,
                "price": recipe.price,
            }
            for recipe in recipes
        ]
        return Response({"items": items})


class TemplateExampleView(APIView):
    """What shows a template."""

    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (NotFound,)}

    @extend_schema(
        responses={
            (200, "image/jpeg"): OpenApiResponse(
                OpenApiTypes.BINARY, description=_("At most 200,000 bytes.")
            ),
            **dict.fromkeys((401, 403, 404), OpenApiResponse(ProblemSerializer)),
        },
        parameters=[
            OpenApiParameter("code", OpenApiTypes.STR, required=True, description=_("Of which."))
        ],
        operation_id="templates_example",
        summary=_("Fetch a template's example picture"),
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer the picture; the address in the list changes with it."""
        code = request.query_params.get("code", "")
        # PostgreSQL takes no NUL, which an address may hold.
        recipe = None if "\0" in code else find_recipe(code, caller_of(request).platform.pk)
        jpeg = read_picture(recipe.version_id) if recipe else None
        if jpeg is None:
            raise NotFound(thing=gettext_noop("picture"))
        headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return HttpResponse(jpeg, content_type="image/jpeg", headers=headers)


def address_of(recipe: Recipe, request: Request) -> str:
    """Return where a template's example picture is; another version has another address."""
    words = urlencode({"code": recipe.code, "version": recipe.number})
    return f"{reverse('template-example', request=request)}?{words}"


class StyleListView(APIView):
    """The styles."""

    @extend_schema(responses={200: StyleListSerializer, **UNAUTHORIZED}, summary=_("List styles"))
    def get(self, request: Request) -> Response:
        """Answer every active style that the caller's orders may wear, named in the reader's language and in both."""
        found = list_styles(caller_of(request).platform.styles)
        return Response({"items": StyleSerializer(found, many=True).data})


class PhraseListView(APIView):
    """The phrases."""

    @extend_schema(responses={200: PhraseListSerializer, **UNAUTHORIZED}, summary=_("List phrases"))
    def get(self, request: Request) -> Response:
        """Answer every active phrase by its purpose, in the reader's language and in both; those of `negative` are for
        negative prompts."""
        return Response({"items": PhraseSerializer(list_phrases(), many=True).data})
