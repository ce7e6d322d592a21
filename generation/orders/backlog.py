"""Whether an order may join what is under way: bounds of pictures by user, platform and hub.

A burst is queued, not refused; what nobody could make within its deadline is.
"""

import math
import uuid
from dataclasses import dataclass

from django.conf import settings

from generation.errors import QueueFull
from generation.selectors.line import find_rates
from genhub.lib import locks
from genhub.lib.limits import LARGEST_NUMBER
from genhub.lib.planned import planned_cursor

# Where nobody knows how long pictures take; and the longest that is said, since orders are also canceled.
RETRY_AFTER_SECONDS, LONGEST_RETRY_AFTER_SECONDS = 30, 300
# While no more are left than orders of one moment could take, they are taken one after the other.
NEAR = 64 * LARGEST_NUMBER
# Any number that no other advisory lock of the hub has.
LOCK = 7_216_004
# For a statement that reads more than this: four columns, as `bounds_of` takes them.
UNDER_WAY = """
           coalesce((SELECT pictures FROM generation_userbacklog WHERE platform_id = %(platform_id)s AND "user" = %(user)s), 0),
           coalesce((SELECT sum(pictures) FROM generation_platformbacklog WHERE platform_id = %(platform_id)s), 0)::bigint,
           coalesce((SELECT sum(pictures) FROM generation_platformbacklog), 0)::bigint,
           (SELECT most_under_way FROM platforms_platform WHERE id = %(platform_id)s)
"""


@dataclass(frozen=True)
class Bound:
    """How many pictures a user, a platform or the hub has under way, and how many it may have."""

    scope: str
    pictures: int
    most: int


def judge(bounds: list[Bound], wanted: int, *, account_id: int) -> None:
    """Raise QueueFull where an order goes beyond one of the bounds; locks nothing, so that a refusal costs next to
    nothing."""
    for bound in bounds:
        if bound.pictures + wanted > bound.most:
            raise refusal(bound, wanted, bound.pictures + wanted - bound.most, account_id)


def find_tightest(bounds: list[Bound]) -> Bound:
    """Return the bound that has the least room left."""
    return min(bounds, key=lambda bound: bound.most - bound.pictures)


def find_refusal(platform_id: uuid.UUID, user: str, wanted: int, *, account_id: int) -> str:
    """Return the code of the refusal that an order would meet now; empty: none."""
    try:
        judge(read_bounds(platform_id, user), wanted, account_id=account_id)
    except QueueFull as full:
        return full.code
    return ""


def keep(platform_id: uuid.UUID, user: str, wanted: int, *, account_id: int) -> None:
    """Raise QueueFull when an order that the caller's transaction has just written goes beyond a bound.

    Exact: a user's counter is locked until the transaction ends, and near the other bounds orders wait for each other.
    """
    bounds = read_bounds(platform_id, user)
    # The hub's first, everywhere: what waits for a lock here holds all others that it will need.
    near = [bound.scope for bound in reversed(bounds[1:]) if bound.pictures > bound.most - NEAR]
    if near:
        for scope in near:
            wait_for_others(scope, platform_id)
        bounds = read_bounds(platform_id, user)
    for bound in bounds:
        if bound.pictures > bound.most:
            raise refusal(bound, wanted, bound.pictures - bound.most, account_id)


def read_bounds(platform_id: uuid.UUID, user: str) -> list[Bound]:
    """Return the bounds of a user, of the platform and of the hub, with what is under way."""
    with planned_cursor() as cursor:
        cursor.execute(f"SELECT {UNDER_WAY}", {"platform_id": platform_id, "user": user})
        found: tuple[int, int, int, int | None] = cursor.fetchone()
    return bounds_of(*found)


def bounds_of(
    of_user: int, of_platform: int, of_hub: int, most_of_platform: int | None
) -> list[Bound]:
    """Return the bounds with what UNDER_WAY read."""
    return [
        Bound("user", of_user, settings.QUEUE_MOST_PER_USER),
        Bound("platform", of_platform, most_of_platform or settings.QUEUE_MOST_PER_PLATFORM),
        Bound("hub", of_hub, settings.QUEUE_MOST),
    ]


def wait_for_others(scope: str, platform_id: uuid.UUID) -> None:
    """Let the orders of a platform, or of the hub, commit one after the other from here on."""
    name = str(platform_id) if scope == "platform" else ""
    locks.take(LOCK, name)


def refusal(bound: Bound, wanted: int, excess: int, account_id: int) -> QueueFull:
    """Return the refusal of an order by a bound that it exceeds by so many pictures: to be sent again when these are
    done, at the pace of the account's queue."""
    seconds = find_rates([account_id])[account_id].wait_for(excess)
    after = (
        RETRY_AFTER_SECONDS
        if seconds is None
        else min(math.ceil(round(seconds, 3)), LONGEST_RETRY_AFTER_SECONDS)
    )
    headers = {"Retry-After": str(max(after, 1))}
    return QueueFull(headers=headers, scope=bound.scope, limit=bound.most, wanted=wanted)
