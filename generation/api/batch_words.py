"""The words of a batch: a list of orders or a matrix, and words that all of them have in common.

Each order is validated for itself, so that a batch that takes what it can knows what is wrong with which.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from generation.api.serializers import GenerateSerializer
from generation.models import Batch
from generation.orders.batch import Asked, Entry
from generation.orders.submit import order_of
from generation.spec import LARGEST_SEED
from genhub.api.fields import (
    StrictCharField,
    StrictIntegerField,
    StrictObjectField,
    StrictSerializer,
)
from genhub.api.problems import as_problem
from genhub.lib.errors import Problem
from genhub.lib.limits import LARGEST_SIDE_PIXELS, LONGEST_TEXT
from genhub.platforms import idempotency

MOST_ORDERS = 100
# The words of an order that each axis of a matrix says; a size says two.
AXES = {"prompts": "prompt", "styles": "style_preset", "seeds": "seed", "sizes": "width and height"}


class OrderWords(GenerateSerializer):
    """One order of a batch, or what all have in common. Whose it is, and where its end is told, the batch says."""

    needs_prompt = False
    user = None  # type: ignore[assignment]
    webhook = None  # type: ignore[assignment]


class SizeWords(StrictSerializer):
    """A size of a matrix."""

    width = StrictIntegerField(min_value=1, max_value=LARGEST_SIDE_PIXELS, help_text=_("Pixels."))
    height = StrictIntegerField(min_value=1, max_value=LARGEST_SIDE_PIXELS, help_text=_("Pixels."))


class MatrixWords(StrictSerializer):
    """One order for each combination, the last axis changing fastest: prompts, styles, seeds, sizes."""

    prompts = serializers.ListField(
        child=StrictCharField(max_length=LONGEST_TEXT), required=False, min_length=1, max_length=MOST_ORDERS
    , help_text=_("Each is the “prompt” of an order."))  # fmt: skip
    styles = serializers.ListField(
        child=StrictCharField(max_length=50), required=False, min_length=1, max_length=MOST_ORDERS,
        help_text=_("Codes of styles."),
    )  # fmt: skip
    seeds = serializers.ListField(
        child=StrictIntegerField(min_value=0, max_value=LARGEST_SEED), required=False,
        min_length=1, max_length=MOST_ORDERS,
    help_text=_("Each is the “seed” of an order."))  # fmt: skip
    sizes = serializers.ListField(
        child=SizeWords(),
        required=False,
        min_length=1,
        max_length=MOST_ORDERS,
        help_text=_("Each is the “width” and “height” of an order."),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a matrix without an axis, and one of more orders than a batch may have."""
        if not attrs:
            raise serializers.ValidationError(gettext("Name at least one axis."), "required")
        count = 1
        for values in attrs.values():
            count *= len(values)
        if count > MOST_ORDERS:
            words = {"count": count, "most": MOST_ORDERS}
            message = gettext("This makes %(count)s orders; a batch has at most %(most)s.") % words
            raise serializers.ValidationError(message, "too_many")
        return attrs


@extend_schema_field(OrderWords(many=True))
class OrdersField(serializers.ListField):
    """Orders as they were sent: each is validated for itself, with the words that they have in common."""

    child = StrictObjectField()


@extend_schema_field(OrderWords)
class CommonField(StrictObjectField):
    """What orders have in common, validated with each."""


class BatchWords(StrictSerializer):
    """Up to 100 orders: `orders` or `matrix`."""

    orders = OrdersField(
        required=False, min_length=1, max_length=MOST_ORDERS,
        help_text=_("Each with the words of POST generate, but “user” and “webhook”."),
    )  # fmt: skip
    matrix = MatrixWords(required=False, help_text=_("One order for each combination."))
    order = CommonField(
        required=False, help_text=_("Words that all orders have which do not say otherwise.")
    )
    policy = serializers.ChoiceField(
        Batch.Policy.values, required=False,
        help_text=_("all (the default): every order is taken, or none. some: those that can be taken."),
    )  # fmt: skip
    priority = serializers.ChoiceField(
        ["low", "normal", "high"],
        required=False,
        help_text=_("Of each order that does not say its own. Default: normal, or your plan's highest if lower."),
    )  # fmt: skip
    user = StrictCharField(
        required=False,
        max_length=200,
        trim_whitespace=False,
        help_text=_("Whose orders they are. Required with a platform's key."),
    )
    metadata = StrictObjectField(
        required=False, help_text=_("Yours: kept with the batch and answered with it.")
    )
    webhook = StrictCharField(
        required=False,
        help_text=_("Where the end of the batch is told: https://…, as of an order."),
    )

    validate_metadata = GenerateSerializer.validate_metadata

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what names no orders, or names them twice."""
        if ("orders" in attrs) == ("matrix" in attrs):
            message = gettext("Say which orders: either “orders” or “matrix”.")
            raise serializers.ValidationError({"orders": [message]}, "required")
        return attrs


@dataclass(frozen=True)
class Said:
    """The words of one order as they were sent, and where in the request each stands."""

    words: Mapping[str, Any]
    places: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""


def read_asked(said: Mapping[str, Any]) -> Asked:
    """Return a batch from validated words: its orders, each validated now."""
    serializer = OrderWords()
    common = dict(said.get("order", {}))
    shared = {name: f"order.{name}" for name in common}
    if "priority" in said and common.get("priority") is None:
        common["priority"], shared["priority"] = said["priority"], "priority"
    listed = (
        list_orders(said["orders"], common, shared)
        if "orders" in said
        else spread(said["matrix"], common, shared)
    )
    return Asked(
        [read_entry(index, one, serializer) for index, one in enumerate(listed)],
        takes_some=said.get("policy") == Batch.Policy.SOME,
        metadata=said.get("metadata", {}),
        webhook=said.get("webhook"),
    )


def fingerprint_of(said: Mapping[str, Any]) -> str:
    """Return what tells bodies of batches apart, from each other and from those of orders."""
    return idempotency.digest({"batch": dict(said)})


def read_entry(index: int, said: Said, serializer: OrderWords) -> Entry:
    """Return an order of a batch, or why its words are refused."""
    order, refused = None, None
    try:
        order = order_of(serializer.run_validation(dict(said.words)))
    except serializers.ValidationError as error:
        refused = as_problem(error) or Problem()
    return Entry(index, order, refused, said.places, said.otherwise)


def list_orders(
    orders: list[dict[str, Any]], common: Mapping[str, Any], shared: Mapping[str, str]
) -> Iterator[Said]:
    """Yield each order with the common words that it does not say itself."""
    for index, own in enumerate(orders):
        named = {name: value for name, value in own.items() if value is not None}
        place = f"orders.{index}"
        places = {**shared, **{name: f"{place}.{name}" for name in named}}
        yield Said({**common, **named}, places, place)


def spread(
    matrix: Mapping[str, Any], common: Mapping[str, Any], shared: Mapping[str, str]
) -> Iterator[Said]:
    """Yield an order for each combination of a matrix."""
    axes = [list(enumerate(matrix[axis])) for axis in AXES if axis in matrix]
    names = [axis for axis in AXES if axis in matrix]
    for combination in product(*axes):
        words, places = dict(common), dict(shared)
        for axis, (number, value) in zip(names, combination, strict=True):
            where = f"matrix.{axis}.{number}"
            if axis == "sizes":
                words |= value
                places |= {name: f"{where}.{name}" for name in value}
            else:
                words[AXES[axis]], places[AXES[axis]] = value, where
        yield Said(words, places, "order")
