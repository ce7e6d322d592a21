"""Answers that wait for a task's end: each is a timer of the loop, with no thread and no connection to the database."""

import asyncio
import threading
from collections.abc import Callable, Collection
from typing import Protocol

from genhub.lib.waits import Wait


class News(Protocol):
    """Where ends are heard of."""

    def follow(self, hear: Callable[[str], None], keys: Callable[[], Collection[str]]) -> None:
        """Call `hear` with the key of what ends."""


class Ticket:
    """One answer that waits, or is about to."""

    def __init__(self, wait: Wait) -> None:
        self.wait = wait
        self.is_over = False
        self.then: Callable[[], None] | None = None
        self.timer: asyncio.TimerHandle | None = None


class Waits:
    """All answers of this process that wait."""

    def __init__(self, news: News, most: int) -> None:
        self.news, self.most = news, most
        self._lock = threading.Lock()
        self._tickets: dict[str, set[Ticket]] = {}
        self._count = 0
        self._is_following = False
        self._loop: asyncio.AbstractEventLoop

    def begin(self) -> None:
        """Take the loop that runs."""
        self._loop = asyncio.get_running_loop()

    def watch(self, wait: Wait) -> Ticket | None:
        """Return a ticket that hears from now on, or None when too many wait. A thread calls."""
        with self._lock:
            if self._count >= self.most:
                return None
            ticket = Ticket(wait)
            self._tickets.setdefault(wait.key, set()).add(ticket)
            self._count += 1
            is_first, self._is_following = not self._is_following, True
        if is_first:
            self.news.follow(self.hear, self.keys)
        return ticket

    def hear(self, key: str) -> None:
        """Wake all who wait for this. Any thread calls."""
        with self._lock:
            found = tuple(self._tickets.get(key, ()))
        for ticket in found:
            self._loop.call_soon_threadsafe(self.end, ticket)

    def keys(self) -> Collection[str]:
        """Return what is waited for. Any thread calls."""
        with self._lock:
            return list(self._tickets)

    def park(self, ticket: Ticket, then: Callable[[], None]) -> None:
        """Call once the ticket's task ends, or its time is up."""
        if ticket.is_over:
            then()
            return
        ticket.then = then
        ticket.timer = self._loop.call_later(ticket.wait.seconds, self.end, ticket)

    def end(self, ticket: Ticket) -> None:
        """Wait no more, and go on."""
        if not ticket.is_over:
            self.drop(ticket)
            if ticket.then:
                ticket.then()

    def drop(self, ticket: Ticket) -> None:
        """Wait no more. Any thread calls for one that is not parked yet."""
        if ticket.timer:
            ticket.timer.cancel()
        with self._lock:
            if ticket.is_over:
                return
            ticket.is_over = True
            self._count -= 1
            shelf = self._tickets[ticket.wait.key]
            shelf.discard(ticket)
            if not shelf:
                del self._tickets[ticket.wait.key]

    def end_all(self) -> None:
        """Wait for nothing any more: the server stops."""
        with self._lock:
            found = [ticket for shelf in self._tickets.values() for ticket in shelf]
        for ticket in found:
            self.end(ticket)
