"""The doors to what can be ordered, templates and styles, and to the phrases that help a prompt."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from genhub.api.pages import ProblemSerializer
from templates.chains import MEDIA_TYPES, made_by
from templates.models import Phrase, Style
from templates.rendering import schema_of
from templates.selectors import list_phrases, list_recipes, list_styles

UNAUTHORIZED = {401: OpenApiResponse(ProblemSerializer)}


class TemplateSerializer(serializers.Serializer[Any]):
    """A template that can be ordered; `parameters` is the JSON Schema that an order's parameters must meet."""

    code = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    category = serializers.CharField()
    media_type = serializers.CharField(help_text=_("What its last step makes."))
    chain = serializers.ListField(
        child=serializers.ChoiceField(MEDIA_TYPES),
        help_text=_("What each step makes, of a template that has several; else empty."),
    )
    parameters = serializers.DictField()
    price = serializers.IntegerField(
        allow_null=True, help_text=_("Credits a picture; null: the hub's.")
    )


class TemplateListSerializer(serializers.Serializer[Any]):
    """Every template that can be ordered."""

    items = TemplateSerializer(many=True)


class StyleSerializer(serializers.ModelSerializer[Style]):
    """A style that an order can wear."""

    name = serializers.CharField(source="__str__")

    class Meta:
        model = Style
        fields = ("code", "name", "name_en", "name_zh")


class StyleListSerializer(serializers.Serializer[Any]):
    """Every style."""

    items = StyleSerializer(many=True)


class PhraseSerializer(serializers.ModelSerializer[Phrase]):
    """Words that help a prompt."""

    text = serializers.CharField(source="__str__", help_text=_("In the reader's language."))

    class Meta:
        model = Phrase
        fields = ("purpose", "text", "text_en", "text_zh")


class PhraseListSerializer(serializers.Serializer[Any]):
    """Every phrase, those of one purpose together."""

    items = PhraseSerializer(many=True)


class TemplateListView(APIView):
    """The published templates."""

    @extend_schema(
        responses={200: TemplateListSerializer, **UNAUTHORIZED}, summary=_("List templates")
    )
    def get(self, request: Request) -> Response:
        """Answer every template that can be ordered, with its parameter schema."""
        items = [
            {
                "code": recipe.code,
                "name": recipe.name,
                "version": recipe.number,
                "category": recipe.category,
                "media_type": made_by(recipe)[-1],
                "chain": made_by(recipe) if recipe.chain else [],
                "parameters": schema_of(recipe),
                "price": recipe.price,
            }
            for recipe in list_recipes()
        ]
        return Response({"items": items})


class StyleListView(APIView):
    """The styles."""

    @extend_schema(responses={200: StyleListSerializer, **UNAUTHORIZED}, summary=_("List styles"))
    def get(self, request: Request) -> Response:
        """Answer every active style, named in the reader's language and in both."""
        return Response({"items": StyleSerializer(list_styles(), many=True).data})


class PhraseListView(APIView):
    """The phrases."""

    @extend_schema(responses={200: PhraseListSerializer, **UNAUTHORIZED}, summary=_("List phrases"))
    def get(self, request: Request) -> Response:
        """Answer every active phrase by its purpose, in the reader's language and in both; those of `negative` are for
        negative prompts."""
        return Response({"items": PhraseSerializer(list_phrases(), many=True).data})
