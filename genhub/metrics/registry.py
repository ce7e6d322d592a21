"""The figures of this process, and labels that stay few whatever callers say."""

import threading

from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

# A second series of each counter, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
# Seconds from a quick answer to a long clip.
SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
OTHER = "other"


class Few:
    """The first values of a label, up to a number; all that come later are one."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, value: str) -> str:
        """Return a value as it is, or “other” for one too many."""
        with self._lock:
            if value not in self._known:
                if len(self._known) >= self.most:
                    return OTHER
                self._known.add(value)
        return value
