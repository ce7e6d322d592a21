"""Counts of what went wrong lately, by whom: shared by all processes through the broker's Valkey.

Where that is away, each process counts by itself: less strict, never open, and nobody waits for it. The rates of keys
(`lib/rates.py`) are counted by the same counters.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import redis
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from genhub.lib import sentinels

logger = logging.getLogger(__name__)

# After a failure nobody asks the server for so long; then one does, and the others wait for what it finds.
AWAY_SECONDS = 5.0
Limiter = FixedWindowRateLimiter
Result = TypeVar("Result")


def per(seconds: int, amount: int, name: str) -> RateLimitItem:
    """Return a limit: so many within so many seconds of the first, counted under a name."""
    return RateLimitItemPerSecond(amount, seconds, namespace=f"genhub-{name}")


class Away(Exception):
    """The shared counters do not answer at once, or there are none."""


class Counters:
    """Limiters on the shared store and on this process's own memory, the second for when the first is away."""

    def __init__(self, url: str, patience_seconds: float) -> None:
        self.own = Limiter(MemoryStorage())
        self.shared = connect(url, patience_seconds)
        self.away_until = 0.0
        self._lock = threading.Lock()

    def ask(self, question: Callable[[Limiter], Result]) -> Result:
        """Return the answer of the shared counters, or that of our own."""
        try:
            return self.ask_shared(question)
        except Away:
            return question(self.own)

    def ask_shared(self, question: Callable[[Limiter], Result]) -> Result:
        """Return the answer of the shared counters; raise Away within the broker's patience, and at once for a few
        seconds after that."""
        if self.shared is None or not self._may_ask():
            raise Away
        try:
            answer = question(self.shared)
        except (redis.RedisError, OSError) as error:
            self.away_until = time.monotonic() + AWAY_SECONDS
            logger.warning(
                "each process counts wrong tries by itself for now, and nobody counts rates: %s",
                error,
            )
            raise Away from error
        self.away_until = 0.0
        return answer

    def find_fault(self) -> str:
        """Return what is wrong with the shared counters, or nothing; a hub without any has none to lose."""
        if self.shared is None:
            return ""
        storage: Any = self.shared.storage
        try:
            storage.get_connection().ping()
        except (redis.RedisError, OSError) as error:
            return str(error) or type(error).__name__
        self.away_until = 0.0
        return ""

    def _may_ask(self) -> bool:
        if not self.away_until:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self.away_until:
                return False
            self.away_until = now + AWAY_SECONDS
            return True


def connect(url: str, patience_seconds: float) -> Limiter | None:
    """Return a limiter on the broker's server; None when the broker is no such server."""
    parts = urlsplit(url)
    words: dict[str, Any] = {
        "socket_connect_timeout": patience_seconds,
        "socket_timeout": patience_seconds,
        "retry": Retry(NoBackoff(), 0),
    }
    if parts.scheme == sentinels.SCHEME:
        said = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        return limiter_on(sentinels.pool_of(url, said, **words))
    if parts.scheme in {"redis+socket", "redis+unix", "unix"}:
        asked = parse_qs(parts.query)
        number = (asked.get("virtual_host") or asked.get("db") or ["0"])[0].strip("/")
        url = f"unix://{parts.path}?db={number}"
    elif parts.scheme not in {"redis", "rediss"}:
        return None
    return limiter_on(redis.ConnectionPool.from_url(url, **words))


def limiter_on(pool: Any) -> Limiter:
    """Return a limiter that counts by these connections."""
    return Limiter(RedisStorage("redis://", connection_pool=pool))


MAKING = threading.Lock()


@cache
def make_counters(url: str, patience_ms: int) -> Counters:
    """Return the counters of a store, the same ones each time."""
    return Counters(url, patience_ms / 1000)


def counters() -> Counters:
    """Return the counters of this process."""
    with MAKING:
        return make_counters(settings.THROTTLE_URL, settings.BROKER_PATIENCE_MS)


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
