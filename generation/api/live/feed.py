"""One thread that gives events their places and words them, for all streams of this process together."""

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence

from django.db import Error, close_old_connections, connection

from generation.api.live.board import Board, Followed
from generation.api.live.lines import Line, Step, make_lines, make_step
from generation.life.events import place_all
from generation.life.news import EVENT, PROGRESS, Listener
from generation.selectors import events
from generation.selectors.events import Told
from generation.selectors.line import Place, find_places
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.models import ApiKey, Scope

logger = logging.getLogger(__name__)

# News may get lost, with a connection or behind a pooler: the rows are looked at this often all the same, and so are
# the keys of open streams. One look for all of them.
LOOK_SECONDS = 2.0
# Where waiting tasks stand changes with each claim: told this often.
PLACES_SECONDS = 5.0
PAUSE_SECONDS = 1.0

# Takes what is to be told, and the keys that may read no more.
Teller = Callable[[list[Line], list[Step]], None]
Ender = Callable[[list[str]], None]
Placer = Callable[[Mapping[uuid.UUID, Place]], None]


class Feed:
    """Reads once what all streams are told."""

    def __init__(
        self, board: Board, *, tell: Teller, tell_places: Placer, end_of_keys: Ender
    ) -> None:
        self.board, self.tell, self.end_of_keys = board, tell, end_of_keys
        self.tell_places = tell_places
        self.listener = Listener(EVENT, PROGRESS)
        # The place up to which all was told; None: nothing was read yet.
        self.head: int | None = None
        # A stream that began earlier could miss what is placed meanwhile.
        self.is_ready = threading.Event()
        self._looked_at = self._placed_at = 0.0
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to hear and tell."""
        self.listener.add(self._news.put)
        # Not after a wait: nobody is served before the first turn.
        self._news.put("")
        self._thread.start()

    def stop(self) -> None:
        """End the thread and what it hears by."""
        self._is_stopped.set()
        self._news.put("")
        self._thread.join()
        self.listener.stop()

    def turn(self, news: set[str]) -> None:
        """Place what is new, and tell it to those who follow it."""
        place_all()
        upto = events.newest_position()
        # Asked after the rows were there to be seen: who begins later reads these from them.
        followed = self.board.followed()
        if followed is None or self.head is None:
            self.head = upto
            self.is_ready.set()
            return
        while self.head < upto:
            end = min(self.head + events.STRETCH, upto)
            told = pick(events.read_after(self.head, end), followed)
            if told:
                self.tell(make_lines(told, followed.readers), [])
            # Not before: what fails on the way is read again, and no stream sends a place twice.
            self.head = end
        if steps := read_steps(news, followed):
            self.tell([], steps)

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            news = self._gather()
            try:
                close_old_connections()
                self.turn(news)
                self._look_at_keys()
                self._look_at_places()
            except Error as error:
                logger.warning("no events are told: %s", error)
                self._is_stopped.wait(PAUSE_SECONDS)
            except Exception:
                logger.exception("events could not be told")
                self._is_stopped.wait(PAUSE_SECONDS)
        connection.close()

    def _gather(self) -> set[str]:
        """Return all news there is, once there is some or it is time to look."""
        news = set()
        try:
            news.add(self._news.get(timeout=LOOK_SECONDS))
            while True:
                news.add(self._news.get_nowait())
        except queue.Empty:
            return news

    def _look_at_keys(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        if dead := find_dead_keys(self.board.keys()):
            self.end_of_keys(dead)

    def _look_at_places(self) -> None:
        now = time.monotonic()
        followed = self.board.followed()
        if followed is None or now - self._placed_at < PLACES_SECONDS:
            return
        self._placed_at = now
        if places := find_places(followed.tasks):
            self.tell_places(places)


def pick(told: Sequence[Told], followed: Followed) -> list[Told]:
    """Return the events that somebody may follow."""
    return [
        each
        for each in told
        if each.task_id in followed.tasks or each.platform_id in followed.platforms
    ]


def read_steps(news: set[str], followed: Followed) -> list[Step]:
    """Return how far the tasks are that were told to have moved."""
    # An event's news has two words.
    moved = [each for each in news if each and " " not in each]
    if not moved:
        return []
    rows = events.read_progress(moved, of_tasks=followed.tasks, of_platforms=followed.platforms)
    return [make_step(row) for row in rows]


def find_dead_keys(keys: list[str]) -> list[str]:
    """Return those of the keys and tokens, each as its secret begins, that may not read tasks any more."""
    if not keys:
        return []
    alive = ApiKey.objects.find_working(keys, scope=Scope.TASKS_READ)
    if others := [key for key in keys if key.startswith(tokens.START)]:
        bearers = tokens.living().filter(prefix__in=others, scopes__contains=[Scope.TASKS_READ])
        alive |= set(bearers.values_list("prefix", flat=True))
    return [key for key in keys if key not in alive]
