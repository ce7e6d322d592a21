"""What the answers about credits look like, for the OpenAPI document."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from credits.entries import KINDS
from credits.models import Period
from genhub.api import field_words, page_words
from genhub.api.pages import ProblemSerializer

PROBLEM = OpenApiResponse(ProblemSerializer)
REFUSALS = dict.fromkeys((400, 401, 403), PROBLEM)

USER = OpenApiParameter("user", OpenApiTypes.STR, description=_("Required with a platform's key."))
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("The same key and body again answer the same entry, as the same event does."),
)
FILTERS = [
    USER,
    OpenApiParameter("kind", OpenApiTypes.STR, enum=KINDS, description=_("Only this kind.")),
    OpenApiParameter("task", OpenApiTypes.STR, description=_("Only this task's.")),
    OpenApiParameter(
        "since", OpenApiTypes.DATETIME, description=_("From this time on (RFC 3339, with offset).")
    ),
    OpenApiParameter(
        "until", OpenApiTypes.DATETIME, description=_("Before this time (RFC 3339, with offset).")
    ),
]
PAGES = [page_words.LIMIT, page_words.CURSOR]


class ExpiringSerializer(serializers.Serializer[Any]):
    """Credits that expire together."""

    amount = serializers.IntegerField(help_text=_("What is left of them."))
    expires_at = serializers.DateTimeField(help_text=_("From then on they pay for nothing."))


class BudgetSerializer(serializers.Serializer[Any]):
    """A budget that binds this purse or this key."""

    scope = serializers.ChoiceField(
        ["purse", "key", "token"],
        help_text=_("Whose budget it is: the purse's, the API key's, or the browser token's."),
    )
    period = serializers.ChoiceField(
        Period.values,
        help_text=_(
            "total: for ever. hour, day, month: of the platform's time zone. concurrent: tasks at the same time."
        ),
    )
    limit = serializers.IntegerField(
        help_text=_("Whole credits; for “concurrent” tasks at the same time.")
    )
    spent = serializers.IntegerField(help_text=_("Held or captured in this period."))
    resets_at = serializers.DateTimeField(allow_null=True, help_text=_("Null: never."))


class BalanceSerializer(serializers.Serializer[Any]):
    """A purse's whole credits."""

    user = serializers.CharField(help_text=field_words.USER)
    available = serializers.IntegerField(help_text=_("Free to spend."))
    held = serializers.IntegerField(help_text=_("Reserved for tasks under way."))
    expiring = ExpiringSerializer(
        many=True,
        help_text=_("Of the available ones: those that expire, soonest first, at most 20."),
    )
    budgets = BudgetSerializer(
        many=True, help_text=_("Those that bind this purse and whoever asks; empty: none does.")
    )
    frozen = serializers.BooleanField(
        help_text=_("The books of this purse are being looked at: no new task is taken.")
    )
    stopped = serializers.BooleanField(
        help_text=_("The hub's staff stopped this user: no new order is taken (403 user_stopped).")
    )


class EntrySerializer(serializers.Serializer[Any]):
    """One move of credits, with the balance after it."""

    id = serializers.CharField(help_text=field_words.ENTRY_ID)
    kind = serializers.ChoiceField(KINDS, help_text=field_words.ENTRY_KIND)
    amount = serializers.IntegerField(help_text=_("Whole credits, always positive."))
    available_change = serializers.IntegerField(help_text=_("What it added to the available."))
    held_change = serializers.IntegerField(help_text=_("What it added to the held."))
    available_after = serializers.IntegerField(help_text=_("Free to spend afterwards."))
    held_after = serializers.IntegerField(help_text=_("Reserved afterwards."))
    reason_code = serializers.CharField(allow_null=True, help_text=field_words.REASON_CODE)
    reason = serializers.CharField(help_text=_("In the reader's language where the hub wrote it."))
    by = serializers.ChoiceField(
        ["system", "app", "staff"],
        help_text=_("Who moved them: the hub itself, your app, or staff."),
    )
    task = serializers.CharField(
        allow_null=True, help_text=_("The task whose hold it is about: `task_…`. Null: none.")
    )
    artifact = serializers.CharField(
        allow_null=True, help_text=_("The edited picture that was paid for.")
    )
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When the granted credits expire; null: never, or no grant.")
    )
    created_at = serializers.DateTimeField(help_text=field_words.MOVED)


class EntryPageSerializer(serializers.Serializer[Any]):
    """A page of entries."""

    items = EntrySerializer(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()


class GrantedSerializer(serializers.Serializer[Any]):
    """A grant, and the balance after it."""

    user = serializers.CharField(help_text=field_words.USER)
    entry = EntrySerializer(help_text=_("The entry that put the credits in."))
    available = serializers.IntegerField(help_text=_("Free to spend."))
    held = serializers.IntegerField(help_text=_("Reserved for tasks under way."))
