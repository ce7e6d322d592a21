"""The door to what can be ordered: models, and what each is able to."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.accounts.other_names import list_names
from generation.accounts.routing import list_models
from generation.api import schema
from generation.api.orders import usual_model_of
from generation.orders.clips import CLIP, resolutions_of, seconds_of
from generation.orders.modes import FAST, FINE, find_usual, find_usual_effort
from generation.spec import OPTIONS, ModelCard
from genhub.lib.limits import SIDE_MULTIPLE_PIXELS

OF_MODE = _("What an order of this mode gets that does not say these.")


class SizeSerializer(serializers.Serializer[Any]):
    """A size in pixels."""

    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))


class UsualSerializer(SizeSerializer):
    """What an order gets that does not say these."""

    steps = serializers.IntegerField(
        allow_null=True, help_text=_("Null: the model takes no such word.")
    )
    cfg_scale = serializers.FloatField(
        allow_null=True, help_text=_("Null: the model takes no such word.")
    )


class ModesSerializer(serializers.Serializer[Any]):
    """What the modes make of it."""

    fast = UsualSerializer(help_text=OF_MODE)
    fine = UsualSerializer(help_text=OF_MODE)


class ModelLoraSerializer(serializers.Serializer[Any]):
    """A LoRA that orders of a model may name."""

    name = serializers.CharField(help_text=_("What “loras” of an order name."))
    scale = serializers.FloatField(help_text=_("How strong, when an order does not say."))
    is_usual = serializers.BooleanField(
        help_text=_("Whether it is worn when an order names no LoRA.")
    )


class ClipsSerializer(serializers.Serializer[Any]):
    """What a model makes of clips."""

    durations = serializers.ListField(child=serializers.IntegerField(), help_text=_("Seconds."))
    default_duration = serializers.IntegerField(help_text=_("Seconds."))
    frame_rates = serializers.ListField(
        child=serializers.IntegerField(), help_text=_("Frames a second, the usual ones first.")
    )
    resolutions = serializers.ListField(
        child=serializers.CharField(), help_text=_("Sizes by name, the smallest first.")
    )
    audio = serializers.BooleanField(help_text=_("Whether they may sound."))
    image = serializers.BooleanField(help_text=_("Whether they may begin with a picture."))
    last_image = serializers.BooleanField(help_text=_("Whether they may end with one."))


class ModelSerializer(serializers.Serializer[Any]):
    """A model that orders may name, its limits, and what it does when an order does not say."""

    alias = serializers.CharField(help_text=_("Orders name it so."))
    other_names = serializers.ListField(
        child=serializers.CharField(), help_text=_("Orders may name it so, too.")
    )
    is_default = serializers.BooleanField(help_text=_("Whether orders without “model” get it."))
    media_types = serializers.ListField(
        child=serializers.CharField(), help_text=_("What it makes: image, video, or both.")
    )
    default = UsualSerializer(help_text=_("What an order of no mode gets that does not say these."))
    modes = ModesSerializer(help_text=_("What an order of each mode gets."))
    smallest_side = serializers.IntegerField(help_text=_("Pixels."))
    largest_side = serializers.IntegerField(help_text=_("Pixels."))
    side_multiple = serializers.IntegerField(help_text=_("Sides are multiples of it, in pixels."))
    sizes = SizeSerializer(many=True, help_text=_("Only these; empty: any within the sides."))
    largest_steps = serializers.IntegerField(
        allow_null=True,
        help_text=_("The most that “steps” may say. Null: the model takes no such word."),
    )
    largest_cfg_scale = serializers.FloatField(
        allow_null=True,
        help_text=_("The most that “cfg_scale” may say. Null: the model takes no such word."),
    )
    longest_prompt = serializers.IntegerField(help_text=_("Characters; a longer one is refused."))
    unsupported = serializers.ListField(
        child=serializers.ChoiceField(list(OPTIONS)),
        help_text=_("Words that it does not take: an order that says one is refused."),
    )
    most_references = serializers.IntegerField(
        help_text=_("How many pictures “references” may name; 0: it takes none.")
    )
    styles = serializers.ListField(
        child=serializers.CharField(), help_text=_("Of “style”; empty: it takes none.")
    )
    samplers = serializers.ListField(
        child=serializers.CharField(), help_text=_("Of “sampler”; empty: it takes none.")
    )
    loras = ModelLoraSerializer(
        many=True, help_text=_("Those that orders may name; empty: it takes none.")
    )
    clips = ClipsSerializer(allow_null=True, help_text=_("Null: it makes none."))


class ModelListSerializer(serializers.Serializer[Any]):
    """Every model that can be ordered."""

    items = ModelSerializer(
        many=True, help_text=_("Every model that can be ordered now, by its alias.")
    )


class ModelListView(APIView):
    """The models."""

    @extend_schema(
        responses={200: ModelListSerializer, 401: schema.PROBLEM}, summary=_("List models")
    )
    def get(self, request: Request) -> Response:
        """Answer every model that can be ordered, as the provider makes it that would be chosen."""
        default = usual_model_of(request)
        names = sorted(list_names(default).items())
        items = [
            answer_model(card, [name for name, model in names if model == alias])
            | {"is_default": alias == default}
            for alias, card in sorted(list_models().items())
        ]
        return Response({"items": items})


def answer_model(card: ModelCard, other_names: list[str]) -> dict[str, Any]:
    """Return what a caller may know of a model: nothing of where its weights lie or what it costs the operator."""
    return {
        "alias": card.alias,
        "other_names": other_names,
        "media_types": card.media_types,
        "default": answer_usual(card, ""),
        "modes": {mode: answer_usual(card, mode) for mode in (FAST, FINE)},
        "smallest_side": card.smallest_side,
        "largest_side": card.largest_side,
        "side_multiple": SIDE_MULTIPLE_PIXELS,
        "sizes": [{"width": width, "height": height} for width, height in card.sizes],
        "largest_steps": card.largest_steps if card.takes("steps") else None,
        "largest_cfg_scale": card.largest_cfg_scale if card.takes("cfg_scale") else None,
        "longest_prompt": card.longest_prompt,
        "unsupported": card.unsupported,
        "most_references": card.most_references,
        "styles": card.styles,
        "samplers": card.samplers,
        "loras": [
            {"name": lora.name, "scale": lora.scale, "is_usual": lora.is_usual}
            for lora in card.loras
        ],
        "clips": answer_clips(card) if CLIP in card.media_types else None,
    }


def answer_clips(card: ModelCard) -> dict[str, Any]:
    """Return what a model makes of clips."""
    return {
        "durations": seconds_of(card),
        "default_duration": card.default_seconds,
        "frame_rates": card.frame_rates,
        "resolutions": resolutions_of(card),
        **{name: card.takes(name) for name in ("audio", "image", "last_image")},
    }


def answer_usual(card: ModelCard, mode: str) -> dict[str, Any]:
    """Return what a mode makes of an order that says nothing; null for what the model does not take."""
    usual = find_usual(card, mode, "standard")
    size = {"width": usual.width, "height": usual.height}
    return {**size, "steps": None, "cfg_scale": None, **find_usual_effort(card, usual)}
