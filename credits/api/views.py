"""The door to a balance."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.selectors import find_balance
from genhub.api.pages import ProblemSerializer
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope


class BalanceSerializer(serializers.Serializer[Any]):
    """A purse's whole credits."""

    user = serializers.CharField()
    available = serializers.IntegerField(help_text=_("Free to spend."))
    held = serializers.IntegerField(help_text=_("Reserved for tasks under way."))


class CreditsView(APIView):
    """A user's credits."""

    scopes = {"GET": Scope.CREDITS_READ}

    @extend_schema(
        responses={
            200: BalanceSerializer,
            **dict.fromkeys((400, 401, 403), OpenApiResponse(ProblemSerializer)),
        },
        parameters=[
            OpenApiParameter(
                "user", OpenApiTypes.STR, description=_("Required with a platform's key.")
            )
        ],
        summary=_("Read a balance"),
    )
    def get(self, request: Request) -> Response:
        """Answer what is available and held; a user the hub never saw has nothing of either."""
        user = caller_of(request).user_for_write(request.query_params.get("user"))
        balance = find_balance(caller_of(request).platform.pk, user)
        return Response({"user": user, "available": balance.available, "held": balance.held})
