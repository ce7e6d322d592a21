"""Orders as OpenAI's clients send them: who pays, and what is a repeat."""

import time
from datetime import timedelta
from typing import Any, Final

from rest_framework.request import Request

from generation.api.compat.openai.masks import MASK, whiten
from generation.api.orders import WORDS, customer_of
from generation.orders.brought import Owner
from generation.orders.customer import Customer
from generation.orders.repeats import take_repeatable
from generation.orders.submit import Taken, order_of, take_order
from genhub.api.idempotency import read_idempotency_key
from genhub.lib.waits import ARRIVED
from genhub.platforms.authentication import caller_of

RETRY_COUNT: Final = "x-stainless-retry-count"


def take(request: Request, words: dict[str, Any], named: str | None) -> Taken:
    """Take the order, or find the one that this request repeats: by its key, or as OpenAI's clients say it. `named`:
    who the client says that its user is."""
    customer, words = read_customer(request, words, named)
    if MASK in words:
        words[MASK] = whiten(words[MASK], Owner(customer.platform_id, customer.user))
    order = order_of(WORDS.read(words))
    key, count = read_idempotency_key(request), request.headers.get(RETRY_COUNT)
    if key or count is None:
        return take_order(customer, order, idempotency_key=key)
    waited = timedelta(seconds=time.monotonic() - request.META.get(ARRIVED, time.monotonic()))
    return take_repeatable(customer, order, is_repeat=count.strip() != "0", waited=waited)


def read_customer(
    request: Request, words: dict[str, Any], named: str | None
) -> tuple[Customer, dict[str, Any]]:
    """Return who orders and the order's words. With a platform's key “user” says who pays; a user's own key says it
    by itself, and what the client calls its user is kept with the task."""
    caller = caller_of(request)
    if caller.user is None:
        return customer_of(request, caller.user_for_write(named)), words
    if named is not None:
        words["metadata"] = {"user": named}
    return customer_of(request, caller.user), words
