"""The door to a price: what an order would cost, without ordering it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.affordability import find_offer
from credits.pricing import ORIGINS
from generation.api import problems, schema
from generation.api.chains import QuotedStepSerializer
from generation.api.orders import read_order
from generation.api.serializers import GenerateSerializer
from generation.orders.backlog import find_refusal
from generation.orders.chain import list_quoted
from generation.orders.customer import Customer
from generation.orders.estimate import estimate_seconds
from generation.orders.resolved import Resolved
from generation.orders.submit import resolve_for, terms_of
from genhub.api import field_words
from genhub.api.parsers import OrderParser
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from genhub.platforms.rates import Rate


class DecisionSerializer(serializers.Serializer[Any]):
    """What set the price before factors: a rule of the price list, the price of a cache hit, or the template."""

    origin = serializers.ChoiceField(
        list(ORIGINS.values()),
        help_text=_(
            "rule: a price of the list. cache: its price for what was drawn before. template: the template's own. free: an edit that the list has no price for."
        ),
    )
    name = serializers.CharField(help_text=_("The rule's name, or the template's code."))
    amount = serializers.IntegerField(help_text=_("Whole credits."))
    per = serializers.ChoiceField(
        ["one", "megapixel", "second", "step"],
        help_text=_(
            "What “amount” is paid for: one picture or clip, a megapixel, a second of a clip, or a step."
        ),
    )


class FactorSerializer(serializers.Serializer[Any]):
    """A rule that multiplied the price."""

    name = serializers.CharField(help_text=_("The rule's name."))
    factor = serializers.FloatField(help_text=_("What the price was multiplied by."))


class QuoteSerializer(serializers.Serializer[Any]):
    """What an order would cost now, in whole credits, and why. Only submitting it freezes the price."""

    price = serializers.IntegerField(help_text=_("Whole credits for all of the order."))
    unit_price = serializers.IntegerField(help_text=_("Rounded up, after factors and discount."))
    number = serializers.IntegerField(help_text=_("Pictures or clips."))
    decided_by = DecisionSerializer(help_text=field_words.DECIDED_BY)
    factors = FactorSerializer(many=True, help_text=field_words.FACTORS)
    discount_percent = serializers.FloatField(help_text=_("Your plan's."))
    mode = serializers.ChoiceField(["fast", "fine"], allow_null=True, help_text=field_words.MODE)
    priority = serializers.ChoiceField(
        ["low", "normal", "high"], help_text=_("How it would wait in the queue.")
    )
    held = serializers.IntegerField(help_text=_("What submitting it would reserve."))
    available = serializers.IntegerField(
        allow_null=True, help_text=_("Free to spend; null without the scope “credits:read”.")
    )
    affordable = serializers.BooleanField(
        help_text=_("Whether balance, budgets and queue have room for it at this moment.")
    )
    chain = QuotedStepSerializer(
        many=True,
        allow_null=True,
        help_text=_("The steps of a template that has several; else null."),
    )
    estimated_cost_usd = serializers.FloatField(
        allow_null=True,
        help_text=field_words.ESTIMATED_COST,
    )
    usual_seconds = serializers.FloatField(
        allow_null=True,
        help_text=_("From its begin to its end, as such orders took of late. Null: not known."),
    )
    refusal = serializers.CharField(
        allow_null=True,
        help_text=_(
            "Null: it would be taken. Else the code with which submitting it would be refused now."
        ),
    )


class QuoteView(APIView):
    """The price of an order."""

    scopes = {"POST": Scope.TASKS_WRITE}
    rate = Rate.READS
    problems = {"POST": problems.PRICE}
    needs_body = ("POST",)
    parser_classes = [OrderParser]

    @extend_schema(
        request=GenerateSerializer,
        responses={
            200: QuoteSerializer,
            **schema.REFUSALS,
            **dict.fromkeys((409, 413, 422, 503), schema.PROBLEM),
        },
        examples=schema.ORDER_EXAMPLES,
        summary=_("Ask what an order would cost; nothing is created"),
    )
    def post(self, request: Request) -> Response:
        """Answer price and reasons for the body of an order; refuse what submitting it would refuse, `not_cached` too.

        Too few credits, a spent budget and a full queue are no refusal here: the quote says them in `refusal`.
        """
        customer, order = read_order(request)
        resolved = resolve_for(customer, order, keeps=False)
        return Response(answer_quote(request, customer, resolved))


def answer_price(resolved: Resolved) -> dict[str, Any]:
    """Return what one order costs, by itself or in a batch."""
    quote, cost = resolved.quote, resolved.estimated_cost_usd
    return {
        "price": quote.price,
        "unit_price": quote.unit_price,
        "number": resolved.spec.number,
        "mode": resolved.spec.mode or None,
        "priority": resolved.priority,
        "estimated_cost_usd": None if cost is None else float(cost),
    }


def answer_quote(request: Request, customer: Customer, resolved: Resolved) -> dict[str, Any]:
    """Return what an order would cost a customer, and whether it is affordable now."""
    price = resolved.quote.price
    offer = find_offer(customer.platform_id, customer.user, terms_of(customer), price)
    number = resolved.spec.number
    account_id = resolved.route.account.pk
    full = find_refusal(customer.platform_id, customer.user, number, account_id=account_id)
    refusal = full or offer.refusal
    return {
        **answer_price(resolved),
        **resolved.quote.to_json(),
        "chain": list_quoted(resolved.chain) or None,
        "held": price,
        "available": offer.available if Scope.CREDITS_READ in caller_of(request).scopes else None,
        "affordable": not refusal,
        "usual_seconds": estimate_seconds(account_id, resolved.spec),
        "refusal": refusal or None,
    }
