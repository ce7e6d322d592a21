"""The credits that moved, by what for, read from the ledger as it grows.

A counter begins at 0 with the process that tells it, as those of the events do. It is as late as the oldest transaction
that is open, and some seconds more: what is counted is what nothing can be added to.
"""

import threading
from datetime import datetime
from typing import Final

from prometheus_client import Counter

from credits.boundary import read_boundary
from credits.selectors import sum_moved
from genhub.metrics.registry import REGISTRY

# By kind and giving side, the word of the label: all moves that there are.
WORDS: Final = {
    ("grant", "issued"): "granted",
    ("hold", "available"): "held",
    ("capture", "held"): "captured",
    ("release", "held"): "released",
    ("refund", "revenue"): "refunded",
    ("expire", "available"): "expired",
    ("overrun", "exposure"): "overrun",
    ("adjust", "issued"): "adjusted_up",
    ("adjust", "available"): "adjusted_down",
}
CREDITS = Counter("genhub_credits", "Credits that moved, by what for.", ["kind"], registry=REGISTRY)
for word in WORDS.values():
    # From 0 on: what appears with its first move would have had no rate.
    CREDITS.labels(word)


class Ledger:
    """Counts what moved, each transfer once."""

    def __init__(self) -> None:
        self._upto: datetime | None = None
        self._lock = threading.Lock()

    def catch_up(self) -> None:
        """Count what moved since; the first call only notes where to begin."""
        with self._lock:
            _, upto = read_boundary()
            if self._upto is None:
                self._upto = upto
            # A transaction that began long ago may have been seen only now.
            if upto <= self._upto:
                return
            moved = sum_moved(self._upto, upto)
            self._upto = upto
            for sides, amount in moved.items():
                CREDITS.labels(WORDS[sides]).inc(amount)


LEDGER = Ledger()
