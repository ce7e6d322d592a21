"""Requests to stop: remembered by the handler, acted on where nothing is half done."""

import signal
from types import FrameType, TracebackType
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Counts Ctrl-C, SIGTERM and SIGHUP while it is open."""

    def __init__(self) -> None:
        self.asked = 0
        self._previous: dict[signal.Signals, Any] = {}

    def is_stopping(self) -> bool:
        """Return whether a stop was asked for."""
        return self.asked > 0

    def is_hurried(self) -> bool:
        """Return whether it was asked for again."""
        return self.asked > 1

    def __enter__(self) -> "StopSignals":
        self._previous = {number: signal.signal(number, self._count) for number in STOPPING}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.asked += 1
