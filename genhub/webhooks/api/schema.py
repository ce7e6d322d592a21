"""What requests and answers of webhooks look like."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from genhub.api import field_words, page_words
from genhub.api.fields import StrictBooleanField, StrictCharField, StrictSerializer
from genhub.api.pages import ProblemSerializer
from genhub.webhooks.models import LONGEST_URL, USUAL, Delivery, Endpoint, EventType

PROBLEM = OpenApiResponse(ProblemSerializer)
REFUSALS = dict.fromkeys((400, 401, 403, 404), PROBLEM)
CREATE_EXAMPLES = [
    OpenApiExample(
        "Tell an address how tasks end",
        value={
            "url": "https://app.example.com/genhub",
            "events": ["task.completed", "task.failed", "task.canceled"],
        },
        request_only=True,
    ),
    OpenApiExample(
        "Sign the calls to addresses that orders name",
        value={"description": "orders' own addresses"},
        request_only=True,
    ),
]
CHANGE_EXAMPLES = [OpenApiExample("Switch it on again", value={"enabled": True}, request_only=True)]
REPLAY_EXAMPLES = [
    OpenApiExample(
        "All that failed or was held since midnight",
        value={"since": "2026-11-28T00:00:00Z", "states": ["failed", "held"]},
        request_only=True,
    )
]
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("The same key and body again answer the same endpoint, without its secret."),
)
STATE = OpenApiParameter(
    "state",
    OpenApiTypes.STR,
    enum=Delivery.State.values,
    description=_("Only deliveries in this state."),
)
LIMIT, CURSOR = page_words.LIMIT, page_words.CURSOR


def events_field(**words: Any) -> Any:
    """Return the field of an event filter."""
    return serializers.ListField(
        child=serializers.ChoiceField(EventType.values), allow_empty=False, max_length=20, **words
    )


class EndpointWords(StrictSerializer):
    """What may be said of an endpoint."""

    url = StrictCharField(
        required=False,
        max_length=LONGEST_URL,
        help_text=_(
            "https://, on the public internet, without a port or a password. Hosts of the operator's own network, such as `127.0.0.1:8700` to try it out, are named in the hub's setting `WEBHOOK_HOSTS`; those may speak http, too. Without a url it signs for orders' “webhook”; there is one such endpoint at most."
        ),
    )
    description = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text=_("A note of yours about it, for people. Empty: none."),
    )
    events = events_field(
        required=False, help_text=_("What it is told. Default: how tasks and batches end.")
    )

    def validate_events(self, value: list[str]) -> list[str]:
        """Return each event once, in the order of the list of all."""
        return [event for event in EventType.values if event in value]


class CreateWords(EndpointWords):
    """A new endpoint."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the words with what is usual where nothing was said."""
        usual = {"url": "", "description": "", "events": [str(event) for event in USUAL]}
        return usual | attrs


class ChangeWords(EndpointWords):
    """What shall differ; what is not said stays."""

    enabled = StrictBooleanField(
        required=False, help_text=_("On again, what was held waits for a replay.")
    )


class ReplayWords(StrictSerializer):
    """Which deliveries to send again: by when they were written, and how they stand."""

    since = serializers.DateTimeField(
        help_text=_("Those written from then on (RFC 3339, with offset).")
    )
    until = serializers.DateTimeField(required=False, help_text=_("Before it. Default: now."))
    states = serializers.ListField(
        child=serializers.ChoiceField(["delivered", "failed", "held"]),
        required=False, allow_empty=False, max_length=10,
        help_text=_("Default: failed and held."),
    )  # fmt: skip


class EndpointAnswer(serializers.Serializer[Any]):
    """An endpoint."""

    id = serializers.CharField(help_text=_("The id of a webhook endpoint: `ep_…`."))
    url = serializers.CharField(
        allow_null=True, help_text=_("Null: it signs for the addresses that orders name.")
    )
    description = serializers.CharField(help_text=_("Your note about it; empty: none."))
    events = serializers.ListField(
        child=serializers.ChoiceField(EventType.values), help_text=_("What it is told.")
    )
    enabled = serializers.BooleanField(
        help_text=_(
            "Whether it is sent anything; what happens while it is off is held for a replay."
        )
    )
    disabled_why = serializers.ChoiceField(
        Endpoint.Why.values,
        allow_null=True,
        help_text=_("asked: by you or staff. gone: it answered 410. failing: for days."),
    )
    disabled_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Since when it is off. Null: it is on.")
    )
    failures = serializers.IntegerField(help_text=_("In a row, without a success between."))
    failing_since = serializers.DateTimeField(
        allow_null=True,
        help_text=_("When the first of the failures in a row was. Null: there are none."),
    )
    previous_secret_until = serializers.DateTimeField(
        allow_null=True, help_text=_("Until then the secret before signs, too.")
    )
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)


class EndpointSecretAnswer(EndpointAnswer):
    """An endpoint with its secret."""

    secret = serializers.CharField(
        allow_null=True,
        help_text=_("Shown this once. Null when an Idempotency-Key made it before: rotate it."),
    )


class EndpointListAnswer(serializers.Serializer[Any]):
    """Every endpoint of the platform."""

    items = EndpointAnswer(many=True, help_text=_("All of them, newest first."))


class AnswerOfReceiver(serializers.Serializer[Any]):
    """What a receiver answered to one try."""

    at = serializers.DateTimeField(help_text=_("When it was tried."))
    seconds = serializers.FloatField(help_text=_("Seconds until it was answered, or given up."))
    status = serializers.IntegerField(allow_null=True, help_text=_("Null: there was no answer."))
    body = serializers.CharField(help_text=_("Its first 2 KiB."))
    error = serializers.CharField(help_text=_("Why there was no answer, as a code."))


class DeliveryAnswer(serializers.Serializer[Any]):
    """A message on its way to one receiver."""

    id = serializers.CharField(help_text=_("The id of a delivery: `dlv_…`."))
    message_id = serializers.CharField(help_text=_("The header webhook-id: the same each time."))
    event = serializers.CharField(help_text=_("What it tells, such as `task.completed`."))
    url = serializers.CharField(
        help_text=_("Where it is sent: the endpoint's address, or the one that the order named.")
    )
    state = serializers.ChoiceField(
        Delivery.State.values,
        help_text=_(
            "waiting: is sent at next_try_at. delivered: it was answered with 2xx. failed: after ten tries, or 410. held: its endpoint is off; enable it and replay."
        ),
    )
    tries = serializers.IntegerField(
        help_text=_("Since it was written, or last replayed: a replay begins at 0 again.")
    )
    next_try_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Null: nothing is to be sent.")
    )
    delivered_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Null: not yet, or not since it was replayed.")
    )
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)
    answers = AnswerOfReceiver(
        many=True, help_text=_("The newest 20, those before a replay too, oldest first.")
    )
    payload = serializers.DictField(help_text=_("The body that is sent."))


class DeliveryPage(serializers.Serializer[Any]):
    """A page of deliveries."""

    items = DeliveryAnswer(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()


class Replayed(serializers.Serializer[Any]):
    """What is sent again."""

    count = serializers.IntegerField(help_text=_("How many deliveries this request sends again."))
    has_more = serializers.BooleanField(help_text=_("More than 10,000: ask again."))
