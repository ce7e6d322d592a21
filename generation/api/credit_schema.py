"""What answers say of a task's credits, for the OpenAPI document."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from credits.entries import KINDS
from genhub.api import field_words


class CreditLine(serializers.Serializer[Any]):
    """One move of a task's credits; an entry of the statement has the same id."""

    id = serializers.CharField(help_text=field_words.ENTRY_ID)
    kind = serializers.ChoiceField(KINDS, help_text=field_words.ENTRY_KIND)
    amount = serializers.IntegerField(help_text=_("Whole credits, always positive."))
    reason_code = serializers.CharField(allow_null=True, help_text=field_words.REASON_CODE)
    reason = serializers.CharField(help_text=_("In the reader's language where the hub wrote it."))
    created_at = serializers.DateTimeField(help_text=field_words.MOVED)


class CreditSums(serializers.Serializer[Any]):
    """What became of the credits, in whole ones."""

    price = serializers.IntegerField(
        help_text=_("The price of all that was ordered, as it was when the order was taken.")
    )
    held = serializers.IntegerField(help_text=_("Reserved still; 0 at the end."))
    captured = serializers.IntegerField(help_text=_("Taken for what was delivered."))
    released = serializers.IntegerField(
        help_text=_("Given back of what was held, without being taken.")
    )
    refunded = serializers.IntegerField(help_text=_("Given back afterwards of what was taken."))


class Credits(CreditSums):
    """What a task costs and what became of it, in whole credits."""

    lines = CreditLine(many=True, help_text=_("Each move, oldest first."))
    pricing = serializers.DictField(
        allow_null=True, help_text=_("What decided the price when the task was taken.")
    )
