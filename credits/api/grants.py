"""The door through which apps grant credits."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.api import schema
from credits.entries import describe_entry
from credits.errors import KeyReused
from credits.grants import App, Event, GrantCapReached, GrantKindUnknown, grant_for_event
from credits.ledger import LARGEST_AMOUNT
from credits.selectors import find_balance, find_entry
from genhub.api.fields import StrictCharField, StrictIntegerField, StrictSerializer
from genhub.api.idempotency import read_idempotency_key
from genhub.platforms.authentication import LONGEST_USER, Caller, WrongUser, caller_of
from genhub.platforms.models import Scope

EXAMPLE = {"user": "alice", "amount": 5, "kind": "ad_reward", "event_id": "ad-4711"}
VISIBLE = re.compile(r"[\x21-\x7e]{1,200}")


class GrantSerializer(StrictSerializer):
    """An event of an app for which a user gets credits."""

    default_error_messages = {"event_id": _("1 to 200 visible ASCII characters.")}

    user = StrictCharField(
        required=False,
        max_length=LONGEST_USER,
        trim_whitespace=False,
        help_text=_("Required with a platform's key."),
    )
    amount = StrictIntegerField(
        min_value=1, max_value=LARGEST_AMOUNT, help_text=_("Whole credits.")
    )
    kind = StrictCharField(
        max_length=50, help_text=_("A kind that staff allowed, such as purchase or ad_reward.")
    )
    event_id = StrictCharField(
        trim_whitespace=False,
        help_text=_(
            "Your own id of the event: sent again, it grants nothing more. 1 to 200 visible ASCII characters."
        ),
    )
    reason = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text=_("Words for the user's statement."),
    )

    def validate_event_id(self, value: str) -> str:
        """Refuse an id that would not come back from every log and screen as it was sent."""
        if not VISIBLE.fullmatch(value):
            raise serializers.ValidationError(self.error_messages["event_id"], "invalid")
        return value


class GrantView(APIView):
    """Grants by apps."""

    scopes = {"POST": Scope.CREDITS_GRANT}
    problems = {"POST": (GrantCapReached, GrantKindUnknown, KeyReused, WrongUser)}

    @extend_schema(
        request=GrantSerializer,
        responses={
            200: schema.GrantedSerializer,
            201: schema.GrantedSerializer,
            **schema.REFUSALS,
            **dict.fromkeys((409, 422), schema.PROBLEM),
        },
        parameters=[schema.IDEMPOTENCY_KEY],
        examples=[OpenApiExample("A watched advertisement", EXAMPLE, request_only=True)],
        summary=_("Grant credits for an event of your app, once"),
    )
    def post(self, request: Request) -> Response:
        """Put the credits in and answer 201; 200 with the same entry when the event was granted before."""
        serializer = GrantSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        words = dict(serializer.validated_data)
        caller = caller_of(request)
        user = caller.user_for_write(words.pop("user", None))
        event = Event(id=words.pop("event_id"), user=user, **words)
        key, is_new = grant_for_event(
            app_of(caller), event, idempotency_key=read_idempotency_key(request)
        )
        balance = find_balance(caller.platform.pk, user)
        body: dict[str, Any] = {
            "user": user,
            "entry": describe_entry(find_entry(key)),
            "available": balance.available,
            "held": balance.held,
        }
        return Response(body, 201 if is_new else 200)


def app_of(caller: Caller) -> App:
    """Return whose app grants."""
    platform = caller.platform
    return App(platform.pk, platform.code, platform.time_zone, caller.key.prefix)
