"""Ends a process whose work hangs: a stuck kernel or driver call never comes back, and no signal reaches it."""

import faulthandler
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

logger = logging.getLogger(__name__)

# To read tens of gigabytes, or to compile, takes many times what a step does.
PATIENCE_LOADING = 10.0
SHORTEST_SECONDS = 0.05


@dataclass
class Stage:
    """A stage of one thread: its name, how many times the limit it may take, and when that is over."""

    name: str
    patience: float
    ends_at: float = 0.0


class Watchdog:
    """One timer for all threads of the process, always set to the stage whose time ends first.

    The timer is faulthandler's: a thread without Python that writes every stack to stderr and ends the process, also
    while a call holds the interpreter's lock. Leases and the supervisor do the rest.
    """

    def __init__(self, stall_seconds: float, out: TextIO | None = None) -> None:
        """Take the seconds that a stage may last (0: for ever) and where the stacks are written.

        By default that is the process's own stderr, since Celery's replacement is no file.
        """
        self.stall_seconds = stall_seconds
        self.out: Any = out or sys.__stderr__
        self._lock = threading.Lock()
        self._stages: dict[int, list[Stage]] = {}
        self._pause = threading.Event()
        if stall_seconds:
            threading.Thread(target=self._warn, name="watchdog", daemon=True).start()

    @contextmanager
    def stage(self, name: str, *, patience: float = 1.0) -> Iterator[None]:
        """Guard a stage of this thread; inside of another one the outer one's time stands still and begins anew."""
        with self._lock:
            mine = self._stages.setdefault(threading.get_ident(), [])
            # What is done while a model is loaded or warmed may take as long as that.
            mine.append(Stage(name, max([patience, *(outer.patience for outer in mine)])))
            self._begin_anew(mine)
        try:
            yield
        finally:
            with self._lock:
                mine.pop()
                self._begin_anew(mine)

    def beat(self) -> None:
        """Begin the time of this thread's stage anew: it moves on."""
        with self._lock:
            self._begin_anew(self._stages.get(threading.get_ident(), []))

    def _begin_anew(self, mine: list[Stage]) -> None:
        """Begin the innermost stage's time and set the timer; under the lock, so that each has an end."""
        if not self.stall_seconds:
            return
        if mine:
            mine[-1].ends_at = time.monotonic() + self.stall_seconds * mine[-1].patience
        current = [stages[-1] for stages in self._stages.values() if stages]
        if not current:
            faulthandler.cancel_dump_traceback_later()
            return
        first = min(current, key=lambda stage: stage.ends_at)
        left = max(first.ends_at - time.monotonic(), SHORTEST_SECONDS)
        faulthandler.dump_traceback_later(left, exit=True, file=self.out)

    def _warn(self) -> None:
        """Say which stages have used up half of their time: the stacks of the end name no stage."""
        while True:
            self._pause.wait(self.stall_seconds / 4)
            now = time.monotonic()
            with self._lock:
                current = [stages[-1] for stages in self._stages.values() if stages]
            for stage in current:
                lasts, left = self.stall_seconds * stage.patience, stage.ends_at - now
                if left < lasts / 2:
                    logger.warning(
                        "the stage %s moves no more: %.0f s until the worker ends itself",
                        stage.name,
                        left,
                    )
