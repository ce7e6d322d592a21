"""A key about itself: what it may do, and a new secret for it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from genhub.api import field_words
from genhub.api.fields import StrictIntegerField, StrictSerializer
from genhub.api.pages import ProblemSerializer
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import ApiKey, Scope
from genhub.platforms.rates import Rate, limits_of
from genhub.platforms.rotation import KeyRotated, rotate
from genhub.settings.keys import LONGEST_OVERLAP_HOURS

PROBLEM = OpenApiResponse(ProblemSerializer)
REFUSALS = dict.fromkeys((401, 403), PROBLEM)


class KeyLimits(serializers.Serializer[Any]):
    """How often a key may ask."""

    reads_per_minute = serializers.IntegerField(
        allow_null=True, help_text=_("GET, HEAD and quotes. Null: any number.")
    )
    writes_per_minute = serializers.IntegerField(
        allow_null=True, help_text=_("All else. Null: any number.")
    )


class KeyAnswer(serializers.Serializer[Any]):
    """What a key is."""

    prefix = serializers.CharField(help_text=_("How it begins: the rest is known to you alone."))
    name = serializers.CharField(help_text=_("What staff called it."))
    platform = serializers.CharField(help_text=field_words.PLATFORM)
    user = serializers.CharField(
        allow_null=True, help_text=_("Null: it speaks for all users of the platform.")
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.values),
        help_text=_("What it may do: each operation names the scope that it needs."),
    )
    limits = KeyLimits(help_text=_("How many requests it may send."))
    networks = serializers.ListField(
        child=serializers.CharField(),
        help_text=_("It works from these addresses only; empty: from everywhere."),
    )
    local_only = serializers.BooleanField(
        help_text=_("Prompts and pictures of its orders never leave the hub's own servers.")
    )
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text=_("From then on it is refused. Null: never.")
    )
    earlier_secret_until = serializers.DateTimeField(
        allow_null=True,
        help_text=_(
            "Until then the secret before the newest works, too. Null: it was never changed."
        ),
    )


class NewSecret(KeyAnswer):
    """A key with its new secret."""

    key = serializers.CharField(help_text=_("The whole key, shown this once."))


class RotateWords(StrictSerializer):
    """How the change goes."""

    overlap_hours = StrictIntegerField(
        required=False, min_value=0, max_value=LONGEST_OVERLAP_HOURS,
        help_text=_("So long the earlier secret works, too; 0: no longer. Default: the hub's, usually 24."),
    )  # fmt: skip


class KeyView(APIView):
    """The caller's key."""

    scopes: dict[str, Scope] = {}
    # Where a key may come from, and how much it may ask, is no end user's to read.
    is_of_key = True

    @extend_schema(
        responses={200: KeyAnswer, **REFUSALS},
        operation_id="key",
        summary=_("What may this key do?"),
    )
    def get(self, request: Request) -> Response:
        """Answer the key, without its secret."""
        return Response(answer_key(caller_of(request).key))


class KeyRotateView(APIView):
    """The secret of the caller's key."""

    scopes = {"POST": Scope.KEYS_ROTATE}
    problems = {"POST": (KeyRotated,)}

    @extend_schema(
        request=RotateWords,
        responses={200: NewSecret, 400: PROBLEM, **REFUSALS, 409: PROBLEM},
        examples=[OpenApiExample("An hour to change it", value={"overlap_hours": 1}, request_only=True)],
        operation_id="key_rotate",
        summary=_("Give this key a new secret; the earlier one works on for a while"),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Rotate, and answer the new secret, once."""
        serializer = RotateWords(data=request.data)
        serializer.is_valid(raise_exception=True)
        hours = serializer.validated_data.get("overlap_hours", settings.KEY_OVERLAP_HOURS)
        key = caller_of(request).key
        row, secret = rotate(
            key.pk, overlap=timedelta(hours=hours), used_prefix=key.used_prefix or key.prefix
        )
        response = Response({**answer_key(row), "key": secret})
        response["Cache-Control"] = "no-store"
        return response


def answer_key(key: ApiKey) -> dict[str, Any]:
    """Return what a key may do."""
    limits = limits_of(key)
    return {
        "prefix": key.prefix,
        "name": key.name,
        "platform": key.platform.code,
        "user": key.user or None,
        "scopes": key.scopes,
        "limits": {
            "reads_per_minute": limits[Rate.READS] or None,
            "writes_per_minute": limits[Rate.WRITES] or None,
        },
        "networks": key.networks,
        "local_only": key.local_only or key.platform.local_only,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "earlier_secret_until": key.previous_until,
    }
