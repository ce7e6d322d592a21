"""From a request's body to an order and whose it is: the same words for an order and for its price."""

import threading
from dataclasses import replace
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from credits.ledger import Allowance
from generation.api.serializers import GenerateSerializer
from generation.models import Task
from generation.order import Order
from generation.orders.customer import Customer
from generation.orders.maker import default_model
from generation.orders.submit import order_of
from genhub.platforms.authentication import caller_of


class Words(threading.local):
    """The words of an order, made once a thread: to copy its thirty fields for each order takes longer than to check
    what the order says."""

    def __init__(self) -> None:
        self.serializer = GenerateSerializer()

    def read(self, data: Any) -> dict[str, Any]:
        """Return what was said; raise naming each word that is wrong."""
        try:
            return dict(self.serializer.run_validation(data))
        except ValidationError:
            # A field keeps the language of its first refusal for good; so a new one says it.
            serializer = GenerateSerializer(data=data)
            serializer.is_valid(raise_exception=True)
            return dict(serializer.validated_data)


WORDS = Words()


def read_order(request: Request) -> tuple[Customer, Order]:
    """Return who orders and what; raise naming each word that is wrong."""
    words = WORDS.read(request.data)
    user = caller_of(request).user_for_write(words.pop("user", None))
    return customer_of(request, user), order_of(words)


def usual_model_of(request: Request) -> str:
    """Return the model of the caller's pictures whose orders name none."""
    return caller_of(request).platform.default_model or default_model()


def customer_of_task(request: Request, task: Task) -> Customer:
    """Return the user of a task as who orders again: what had to stay in the house stays there."""
    customer = customer_of(request, task.user)
    return replace(customer, local_only=customer.local_only or task.local_only)


def customer_of(request: Request, user: str) -> Customer:
    """Return a user of the caller's platform as who orders."""
    caller = caller_of(request)
    token = caller.token
    return Customer.of(
        caller.platform,
        user,
        api_key_id=caller.key.pk,
        allowance=Allowance(token.pk, token.max_credits) if token else None,
        local_only=caller.local_only,
    )
