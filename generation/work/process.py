"""What the threads of a worker process share: its end, its readiness, its connections, and who is at work in it."""

import logging
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error

from generation.life import claims
from generation.life.claims import Claim
from genhub.lib.connections import release_connection

logger = logging.getLogger(__name__)


class Drain(threading.Event):
    """Set when the worker process was told to stop; knows since when."""

    since = 0.0

    def set(self) -> None:
        """Begin to drain; what is under way has its time from now on."""
        if not self.is_set():
            self.since = time.monotonic()
        super().set()

    def is_over(self) -> bool:
        """Return whether what was under way has had its time to end."""
        return self.is_set() and time.monotonic() - self.since > settings.DRAIN_SECONDS


draining = Drain()


class Readiness:
    """Why this process takes no orders; without a reason it takes them, so many at a time."""

    unready = ""
    threads = 1


readiness = Readiness()


@dataclass(eq=False)
class Occupant:
    """Attempts that are at work together, and whether the process knows of others beside them."""

    claim: Claim
    is_isolated: bool
    shares_process: bool


@dataclass
class Occupancy:
    """Who is at work in this process. Were it to die, all would die: so a death counts only for who was alone in it.

    What killed a process before is isolated: it waits until nobody else is at work, and nobody begins beside it.
    """

    occupants: list[Occupant] = field(default_factory=list)
    waiting: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def enter(self, occupant: Occupant) -> None:
        """Begin to work, once that is allowed; write that one shares the process with whoever is there."""
        with self.changed:
            must_wait = not self.is_open_to(occupant)
            self.waiting += occupant.is_isolated
        if must_wait:
            # Who only waits is no cause of anybody's death; and that may take minutes.
            note_shared(occupant, is_shared=True)
            release_connection()
        with self.changed:
            self.changed.wait_for(lambda: self.is_open_to(occupant))
            self.waiting -= occupant.is_isolated
            others = list(self.occupants)
            self.occupants.append(occupant)
        if others:
            for one in (occupant, *others):
                note_shared(one, is_shared=True)
        elif must_wait:
            note_shared(occupant, is_shared=False)

    def is_open_to(self, occupant: Occupant) -> bool:
        """Return whether somebody may begin now; isolated ones come before whoever comes after them."""
        if occupant.is_isolated:
            return not self.occupants
        return not self.waiting and not any(other.is_isolated for other in self.occupants)

    def leave(self, occupant: Occupant) -> None:
        """Be at work no more."""
        with self.changed:
            if occupant in self.occupants:
                self.occupants.remove(occupant)
            self.changed.notify_all()


occupancy = Occupancy()


def note_shared(occupant: Occupant, *, is_shared: bool) -> None:
    """Write whether others are at work beside somebody, so that a death of their process counts for nobody."""
    if occupant.shares_process == is_shared:
        return
    try:
        claims.note_shared(occupant.claim, is_shared=is_shared)
    except Error as error:
        # A death that is counted wrongly is better than an order that is not made.
        logger.warning("not noted whether %s is alone: %s", occupant.claim.attempt_id, error)
        release_connection()
    else:
        occupant.shares_process = is_shared
