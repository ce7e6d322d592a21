"""A file that is being fetched into, and which of its bytes have come: who reads need not wait for the whole."""

import os
import threading
from dataclasses import dataclass, field
from typing import IO, Final

# From where to before where.
Span = tuple[int, int]
WHOLE: Final = None


@dataclass(eq=False)
class Waiter:
    """Who waits for a span, or for the whole, and is woken for nothing less."""

    span: Span | None
    woken: threading.Event = field(default_factory=threading.Event)


class NotWanted(Exception):
    """Nobody reads the file any more: who fetches it may stop."""


class Arrivals:
    """What has come of a file. Threads write, each byte once: what was read of it stays as it was."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self._spans: list[Span] = []
        self._lock = threading.Lock()
        self._waiters: list[Waiter] = []
        self._error: BaseException | None = None
        self._is_over = False
        # How long it is said to be; None: nobody knows, or its host has not answered.
        self.length: int | None = None
        self._has_begun = False
        self._told = threading.Event()

    def begin(self, length: int | None) -> None:
        """Tell how long the file is said to be: its host has answered."""
        self.length, self._has_begun = length, True
        self._told.set()

    def write(self, part: bytes, at: int) -> None:
        """Write what has not come yet of a part; raise NotWanted when nobody reads any more."""
        with self._lock:
            if self._is_over:
                raise NotWanted
            for start, end in self._missing((at, at + len(part))):
                write_at(self.file.fileno(), part[start - at : end - at], start)
            self._add((at, at + len(part)))
            self._wake(self._waiters)

    def end(self, error: BaseException | None = None) -> None:
        """Say that all has come, or why it has not, or that nobody wants more."""
        with self._lock:
            if not self._is_over:
                self._error, self._is_over = error, True
            self._wake(self._waiters)
        self._told.set()

    def wait_begun(self) -> None:
        """Wait until the host has answered; raise what went wrong before. What goes wrong later is for whoever waits
        for bytes, however soon it is: they may have come."""
        self._told.wait()
        if self._error and not self._has_begun:
            raise self._error

    def wait(self, span: Span | None = WHOLE) -> None:
        """Wait until these bytes have come, or the whole; raise what went wrong before."""
        waiter = Waiter(span)
        with self._lock:
            self._waiters.append(waiter)
            self._wake([waiter])
        waiter.woken.wait()
        with self._lock:
            self._waiters.remove(waiter)
            if self._error and not (span is not None and self.has(span)):
                raise self._error

    def _wake(self, waiters: list[Waiter]) -> None:
        for waiter in waiters:
            if self._is_over or (waiter.span is not None and self.has(waiter.span)):
                waiter.woken.set()

    def has(self, span: Span) -> bool:
        """Return whether these bytes have come."""
        return not self._missing(span)

    def _missing(self, span: Span) -> list[Span]:
        start, end = span
        found = []
        for begun, ended in self._spans:
            if ended > start and begun < end:
                if begun > start:
                    found.append((start, begun))
                start = max(start, ended)
        if start < end:
            found.append((start, end))
        return found

    def _add(self, span: Span) -> None:
        start, end = span
        apart = []
        for begun, ended in self._spans:
            if ended < start or begun > end:
                apart.append((begun, ended))
            else:
                start, end = min(start, begun), max(end, ended)
        self._spans = sorted([*apart, (start, end)])


def write_at(file: int, part: bytes, at: int) -> None:
    """Write all of a part at its place."""
    left = memoryview(part)
    while left:
        done = os.pwrite(file, left, at)
        left, at = left[done:], at + done
