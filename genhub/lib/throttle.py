"""Counts of what went wrong lately, by whom: shared by all processes through the broker's Valkey.

Where that is away, each process counts by itself: less strict, never open, and nobody waits for it.
"""

import ipaddress
import logging
import math
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import redis
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

CONNECT_SECONDS, ANSWER_SECONDS = 0.1, 0.3
# After a failure nobody asks the server for so long.
AWAY_SECONDS = 5.0
# Who holds one address of IPv6 holds so many.
SUBNET = 64

Limiter = FixedWindowRateLimiter
Result = TypeVar("Result")


def per(seconds: int, amount: int, name: str) -> RateLimitItem:
    """Return a limit: so many within so many seconds of the first, counted under a name."""
    return RateLimitItemPerSecond(amount, seconds, namespace=f"genhub-{name}")


class Counters:
    """Limiters on the shared store and on this process's own memory, the second for when the first is away."""

    def __init__(self, url: str) -> None:
        self.own = Limiter(MemoryStorage())
        self.shared = connect(url)
        self.away_until = 0.0

    def ask(self, question: Callable[[Limiter], Result]) -> Result:
        """Return the answer of the shared counters, or that of our own."""
        if self.shared is None or time.monotonic() < self.away_until:
            return question(self.own)
        try:
            return question(self.shared)
        except (redis.RedisError, OSError) as error:
            self.away_until = time.monotonic() + AWAY_SECONDS
            logger.warning("each process counts wrong tries by itself for now: %s", error)
            return question(self.own)


def connect(url: str) -> Limiter | None:
    """Return a limiter on the broker's server; None when the broker is no such server."""
    parts = urlsplit(url)
    if parts.scheme in {"redis+socket", "redis+unix", "unix"}:
        words = parse_qs(parts.query)
        number = (words.get("virtual_host") or words.get("db") or ["0"])[0].strip("/")
        url = f"unix://{parts.path}?db={number}"
    elif parts.scheme not in {"redis", "rediss"}:
        return None
    pool = redis.ConnectionPool.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return Limiter(RedisStorage("redis://", connection_pool=pool))


MAKING = threading.Lock()


@cache
def make_counters(url: str) -> Counters:
    """Return the counters of a store, the same ones each time."""
    return Counters(url)


def counters() -> Counters:
    """Return the counters of this process."""
    with MAKING:
        return make_counters(settings.THROTTLE_URL)


def count(limit: RateLimitItem, *who: str) -> int:
    """Count one try; return 0 when it is within the limit, else the seconds until the next may be made."""

    def hit(limiter: Limiter) -> int:
        if limiter.hit(limit, *who):
            return 0
        left = limiter.get_window_stats(limit, *who).reset_time - time.time()
        return max(1, math.ceil(left))

    return counters().ask(hit)


def give_back(limit: RateLimitItem, *who: str) -> None:
    """Take back one counted try: it was none of those that are counted."""
    counters().ask(
        lambda limiter: limiter.storage.incr(limit.key_for(*who), limit.get_expiry(), amount=-1)
    )


def forget(limit: RateLimitItem, *who: str) -> None:
    """Take back all counted tries."""
    counters().ask(lambda limiter: limiter.clear(limit, *who))


def read(limit: RateLimitItem, *who: str) -> int:
    """Return how many tries are counted."""
    return counters().ask(lambda limiter: int(limiter.storage.get(limit.key_for(*who))))


def network_of(address: str) -> str:
    """Return what stands for an address: itself, of IPv6 its network; an empty string for what is none."""
    host = address.strip().strip("[]")
    if host.count(":") == 1:
        # Some proxies add the port.
        host = host.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, SUBNET), strict=False))
