"""How often somebody did something within the last minute, in all processes together: a sliding window.

In no stretch of a minute more than so many are let through, however many ask at once: the server counts by its own
clock, in one script. It counts by whole seconds, so that a window is as small for a busy key as for a quiet one: what
the library keeps of each single hit is a minute's worth of them, and asking it how things stand is one more question.
"""

import math
import time
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from limits.strategies import MovingWindowRateLimiter

from genhub.lib.throttle import Away, Counters, Limiter, counters, per

WINDOW_SECONDS: Final = 60
# Second -> how many. A second that lies in the last minute in part counts whole.
COUNT: Final = """
    local now = redis.call('TIME')
    local second, most, cost = tonumber(now[1]), tonumber(ARGV[1]), tonumber(ARGV[2])
    local oldest_kept = second - tonumber(ARGV[3])
    local counts = redis.call('HGETALL', KEYS[1])
    local total, oldest, gone = 0, second, {}
    for i = 1, #counts, 2 do
        local at = tonumber(counts[i])
        if at < oldest_kept then
            gone[#gone + 1] = counts[i]
        else
            total = total + tonumber(counts[i + 1])
            oldest = math.min(oldest, at)
        end
    end
    local is_within = total + cost <= most
    if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
    if is_within and cost > 0 then
        redis.call('HINCRBY', KEYS[1], second, cost)
        redis.call('EXPIRE', KEYS[1], ARGV[3] + 2)
        total = total + cost
    end
    local milliseconds = (oldest - oldest_kept + 1) * 1000 - math.floor(tonumber(now[2]) / 1000)
    return {is_within and 1 or 0, math.max(most - total, 0), milliseconds}
"""


@dataclass(frozen=True)
class Standing:
    """Whether this one is let through, how many more are, and in how many seconds some of the counted are forgotten."""

    is_within: bool
    left: int
    seconds: int


def take(name: str, most: int, *, cost: int = 1) -> Standing | None:
    """Count one, unless there were so many already, and return how things stand; with a cost of 0 only look.

    None: the counters are away, and nobody is kept waiting or refused for that. Where no server is shared, each
    process counts by itself.
    """
    found = counters()
    if found.shared is None:
        return take_own(found, name, most, cost)

    def ask(limiter: Limiter) -> Any:
        script = script_of(limiter.storage)
        return script([f"genhub:rate:{name}"], [most, cost, WINDOW_SECONDS])

    try:
        is_within, left, milliseconds = found.ask_shared(ask)
    except Away:
        return None
    # With a cost of nothing even a window that is full, or was made smaller, is within.
    return Standing(bool(is_within) or not cost, left, max(1, math.ceil(milliseconds / 1000)))


def take_own(found: Counters, name: str, most: int, cost: int) -> Standing:
    """Do the same in this process's memory."""
    limiter, limit = (
        MovingWindowRateLimiter(found.own.storage),
        per(WINDOW_SECONDS, most, "rate"),
    )
    is_within = not cost or limiter.hit(limit, name, cost=cost)
    reset_at, left = limiter.get_window_stats(limit, name)
    return Standing(is_within, max(left, 0), max(1, math.ceil(reset_at - time.time())))


@cache
def script_of(storage: Any) -> Any:
    """Return the script as a store runs it."""
    return storage.get_connection().register_script(COUNT)
