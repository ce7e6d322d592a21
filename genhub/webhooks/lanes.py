"""How many deliveries a receiver may have under way in this process: one at first, twice as many after each success,
one again after a failure, and none for a moment then. So fifty that hang hold fifty threads, however much waits for
them.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from genhub.webhooks.claims import MOST_OF_ENDPOINT

# Of a receiver that fails: doubled with each failure, up to a minute, so that who mends it does not wait for long.
LONGEST_REST_SECONDS: Final = 60.0
# What was idle for so long is forgotten.
FORGET_SECONDS: Final = 600.0


@dataclass
class Lane:
    """One receiver."""

    most: int = 1
    busy: int = 0
    failures: int = 0
    rests_until: float = 0.0
    used_at: float = 0.0

    def room(self, now: float) -> int:
        """Return how many more may begin."""
        return 0 if now < self.rests_until else max(0, self.most - self.busy)


class Lanes:
    """The receivers that this process knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._busy: Counter[str] = Counter()

    def rooms(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many more each known receiver may have, and how many each endpoint has."""
        now = time.monotonic()
        with self._lock:
            idle = [
                name
                for name, lane in self._lanes.items()
                if not lane.busy and now - lane.used_at > FORGET_SECONDS
            ]
            for name in idle:
                del self._lanes[name]
            rooms = {name: lane.room(now) for name, lane in self._lanes.items()}
            return rooms, dict(+self._busy)

    def begin(self, receiver: str, endpoint: str) -> None:
        """Note that one is under way."""
        with self._lock:
            self._lanes.setdefault(receiver, Lane()).busy += 1
            self._busy[endpoint] += 1

    def end(self, receiver: str, endpoint: str, *, is_good: bool) -> None:
        """Note that one has ended, and how."""
        now = time.monotonic()
        with self._lock:
            lane = self._lanes[receiver]
            lane.busy -= 1
            lane.used_at = now
            self._busy[endpoint] -= 1
            if is_good:
                lane.most, lane.failures = min(MOST_OF_ENDPOINT, 2 * lane.most), 0
                lane.rests_until = 0.0
            else:
                lane.most, lane.failures = 1, lane.failures + 1
                lane.rests_until = now + min(LONGEST_REST_SECONDS, 2.0 ** min(lane.failures, 10))
