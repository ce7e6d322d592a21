"""How many requests a minute a key may make: its own limits, else its platform's plan's, else the hub's.

What makes or changes something is counted apart from what reads, so that an app that polls too much can still order.
"""

import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from genhub.lib.errors import Problem, gettext_noop
from genhub.lib.rates import WINDOW_SECONDS, Standing, take
from genhub.lib.waits import DONE
from genhub.platforms.key_models import ApiKey

# Of draft-ietf-httpapi-ratelimit-headers-10: the limits by name, and how the one stands that this request counts to.
POLICY, STANDING = "RateLimit-Policy", "RateLimit"


class Rate(StrEnum):
    """What a request counts as; a view of another kind than its method says so by `rate`."""

    READS = "reads"
    WRITES = "writes"


COLUMNS: Final = {Rate.READS: "reads_per_minute", Rate.WRITES: "writes_per_minute"}


class RateLimited(Problem):
    """A key made as many requests as it may."""

    code = "rate_limited"
    status = 429
    title = gettext_noop("Too many requests with this key")
    detail = gettext_noop(
        "It may make %(limit)s requests a minute that count as “%(policy)s”. Nothing was created or charged; come again in %(seconds)s seconds."
    )


def limits_of(key: ApiKey) -> dict[Rate, int]:
    """Return how many requests of each kind a key may make a minute; 0: any number. The key came with its platform's
    plan."""
    usual = settings.KEY_RATES
    plan = key.platform.plan
    found = {}
    for rate, column in COLUMNS.items():
        own = getattr(key, column)
        of_plan = getattr(plan, column) if plan else None
        found[rate] = own if own is not None else of_plan if of_plan is not None else usual[rate]
    return found


def count(request: Request, key: ApiKey, *, bearer: uuid.UUID | None = None) -> None:
    """Count a request of a key, or of a token by its key's limits, and have the answer say how things stand; raise
    RateLimited when it is one too many."""
    view = (request.parser_context or {}).get("view")
    limits, rate = limits_of(key), rate_of(request, view)
    most, standing = limits[rate], None
    if most:
        # A view that is called once more for what it waited for answers the same request.
        cost = 0 if DONE in request.META else 1
        standing = take(f"{(bearer or key.pk).hex}:{rate}", most, cost=cost)
    headers = word(limits, rate, standing)
    if view:
        # Of this one answer, whatever it will be.
        view.headers |= headers
    if standing and not standing.is_within:
        seconds = standing.seconds
        raise RateLimited(
            limit=most, policy=str(rate), seconds=seconds, headers={"Retry-After": str(seconds)}
        )


def rate_of(request: Request, view: Any) -> Rate:
    """Return what a request counts as."""
    usual = Rate.READS if request.method in SAFE_METHODS else Rate.WRITES
    return getattr(view, "rate", usual)


def word(limits: Mapping[Rate, int], rate: Rate, standing: Standing | None) -> dict[str, str]:
    """Return the headers of an answer; nothing is said of what nobody counts."""
    policies = [f'"{each}";q={most};w={WINDOW_SECONDS}' for each, most in limits.items() if most]
    headers = {POLICY: ", ".join(policies)} if policies else {}
    if standing:
        headers[STANDING] = f'"{rate}";r={standing.left};t={standing.seconds}'
    return headers
