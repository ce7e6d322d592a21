"""From a request's body to an order and whose it is: the same words for an order and for its price."""

from rest_framework.request import Request

from generation.api.serializers import GenerateSerializer
from generation.services.submit import Customer, order_of
from generation.spec import Order
from genhub.platforms.authentication import caller_of


def read_order(request: Request) -> tuple[Customer, Order]:
    """Return who orders and what; raise naming each word that is wrong."""
    serializer = GenerateSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    words = dict(serializer.validated_data)
    caller = caller_of(request)
    user = caller.user_for_write(words.pop("user", None))
    platform = caller.platform
    customer = Customer(
        platform.pk, platform.default_model, user, api_key_id=caller.key.pk, plan=platform.plan
    )
    return customer, order_of(words)
