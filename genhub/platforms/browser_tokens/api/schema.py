"""What requests and answers of browser tokens look like."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from genhub.api import field_words, page_words
from genhub.api.fields import StrictCharField, StrictIntegerField, StrictSerializer
from genhub.api.pages import ProblemSerializer
from genhub.platforms.browser_tokens.models import LONGEST_ORIGIN
from genhub.platforms.browser_tokens.origins import read_origins
from genhub.platforms.browser_tokens.tokens import FOR_TOKENS

MOST_ORIGINS = 10
LARGEST_CREDITS = 10**12
SHORTEST_SECONDS, USUAL_SECONDS, LONGEST_SECONDS = 60, 900, 3600

PROBLEM = OpenApiResponse(ProblemSerializer)
REFUSALS = dict.fromkeys((400, 401, 403, 404), PROBLEM)
CREATE_EXAMPLES = [
    OpenApiExample(
        "For one user's visit",
        value={
            "user": "alice",
            "origins": ["https://app.example.com"],
            "scopes": ["tasks:write", "tasks:read"],
            "max_credits": 50,
            "expires_in": 900,
        },
        request_only=True,
    )
]
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("The same key and body again answer the same token, without its secret."),
)
USER = OpenApiParameter("user", OpenApiTypes.STR, description=_("Only this user's."))
LIMIT, CURSOR = page_words.LIMIT, page_words.CURSOR


class TokenWords(StrictSerializer):
    """A token for one end user's browser."""

    user = StrictCharField(
        required=False,
        max_length=200,
        trim_whitespace=False,
        help_text=_("Required with a platform's key."),
    )
    origins = serializers.ListField(
        child=StrictCharField(max_length=LONGEST_ORIGIN, trim_whitespace=False),
        allow_empty=False,
        max_length=MOST_ORIGINS,
        help_text=_("Whose pages may use it: https://host[:port]; http:// only for localhost."),
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField([str(scope) for scope in FOR_TOKENS]),
        required=False,
        allow_empty=False,
        max_length=10,
        help_text=_("Of your key's. Default: all of these that it has."),
    )
    max_credits = StrictIntegerField(
        min_value=0,
        max_value=LARGEST_CREDITS,
        help_text=_("What its orders may hold in all; what is released comes back."),
    )
    expires_in = StrictIntegerField(
        required=False,
        default=USUAL_SECONDS,
        min_value=SHORTEST_SECONDS,
        max_value=LONGEST_SECONDS,
        help_text=_("Seconds."),
    )

    def validate_origins(self, value: list[str]) -> list[str]:
        """Return them as browsers send them."""
        return read_origins(value)


class TokenAnswer(serializers.Serializer[Any]):
    """A token, without its secret."""

    id = serializers.CharField(help_text=_("The id of a browser token: `btk_…`."))
    user = serializers.CharField(help_text=field_words.USER)
    origins = serializers.ListField(
        child=serializers.CharField(), help_text=_("Whose pages may use it.")
    )
    scopes = serializers.ListField(
        child=serializers.CharField(),
        help_text=_("What it may do: each operation names the scope that it needs."),
    )
    max_credits = serializers.IntegerField(
        help_text=_("What its orders may hold in all; what is released comes back.")
    )
    used_credits = serializers.IntegerField(help_text=_("Held or spent by its orders."))
    alive = serializers.BooleanField(help_text=_("Neither expired nor revoked; its key, too."))
    expires_at = serializers.DateTimeField(help_text=field_words.EXPIRES)
    revoked_at = serializers.DateTimeField(allow_null=True, help_text=field_words.REVOKED)
    last_used_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When it was used last, to the minute. Null: never.")
    )
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)


class TokenSecretAnswer(TokenAnswer):
    """A new token."""

    token = serializers.CharField(
        allow_null=True,
        help_text=_(
            "Shown this once: what the browser sends as “Authorization: Bearer …”. Null when the Idempotency-Key made it before."
        ),
    )


class TokenPage(serializers.Serializer[Any]):
    """A page of tokens."""

    items = TokenAnswer(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()
