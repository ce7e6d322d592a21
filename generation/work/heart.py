"""The sign of life of a process: the leases of what is at work in it are renewed, and a lost one stops its order."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

from django.conf import settings
from django.db import Error, transaction

from generation.life import claims
from generation.life.claims import Claim, LeaseLost
from generation.life.news import listener
from generation.providers.base import Report
from generation.providers.errors import GivenBack, OutOfTime, Stopped
from generation.work.process import draining
from generation.work.watching import hides_previews
from genhub.lib.connections import release_connection

logger = logging.getLogger(__name__)

# The customer watches progress; writing each of a fast engine's steps would cost more than the step.
PROGRESS_EVERY_SECONDS = 0.25
PREVIEW_EVERY_SECONDS = 1.0
# A preview is a small decode: where it is slow, it comes so rarely that it costs a fiftieth of the time.
PREVIEW_PAUSES = 50


@dataclass
class Sign:
    """What one order has to say at the next beat."""

    claim: Claim
    # By this process's clock: when it has been drawn for as long as it may; known once the first step is done, since a
    # model may have had to be loaded before.
    ends_at: float | None = None
    progress: float | None = None
    draw_preview: Callable[[], bytes] | None = None
    is_lost: bool = False
    has_left: bool = False
    # What may be billed already is finished here, however long the drain has lasted.
    was_sent: bool = False

    @cached_property
    def hides_previews(self) -> bool:
        """Return whether nobody may see it before it is judged; asked for once there is something to see."""
        return hides_previews(self.claim)


class Pulse:
    """What the orders of one batch say of themselves, from `start` until the last one has left."""

    def __init__(self, members: Sequence[Claim]) -> None:
        self.signs = {
            claim.attempt_id: Sign(claim, was_sent=bool(claim.remote_id)) for claim in members
        }
        # One write at a time, so that two never lock the same rows in another order.
        self.lock = threading.Lock()
        self.written_at = float("-inf")
        self.preview_at = time.monotonic() + PREVIEW_EVERY_SECONDS

    def start(self) -> None:
        """Have the process's heart beat for these, and hear which of their tasks have ended."""
        listener.add(self.lose)
        heart.add(self)

    def stop(self) -> None:
        """Beat no more; the leases then live on for what is left of them."""
        listener.remove(self.lose)
        heart.remove(self)

    def leave(self, *claims: Claim) -> None:
        """Beat no more for these orders; without any left the pulse stops."""
        with self.lock:
            for claim in claims:
                sign = self.signs[claim.attempt_id]
                sign.has_left, sign.draw_preview = True, None
        if all(sign.has_left for sign in self.signs.values()):
            self.stop()

    def lose(self, task_id: str) -> None:
        """Stop the order of a task that has ended: its next report raises."""
        for sign in self.signs.values():
            if str(sign.claim.task_id) == task_id:
                sign.is_lost = True

    def report_of(self, claim: Claim) -> Report:
        """Return what the adapter calls while it makes this order's pictures."""
        return partial(self.report, claim)

    def report(self, claim: Claim, done: float, preview: Callable[[], bytes] | None = None) -> None:
        """Note an order's progress (0 to 1); raise Stopped once it is not wanted here, GivenBack once the worker's time
        is up, OutOfTime once the order's own is."""
        sign = self.signs[claim.attempt_id]
        sign.progress = min(done, 1.0)
        if preview is not None and settings.LOCAL_PREVIEWS:
            sign.draw_preview = preview
        if time.monotonic() - self.written_at >= PROGRESS_EVERY_SECONDS:
            # One write for the whole batch: its members take the same steps.
            self.written_at = time.monotonic()
            self.write(self._draw_previews())
        self.check(claim)
        if sign.ends_at is None:
            sign.ends_at = end_of(claim)
        # What a vendor makes is paid for: there the loop that ends its task decides.
        if time.monotonic() > sign.ends_at and not sign.was_sent:
            raise OutOfTime

    def check(self, claim: Claim) -> None:
        """Raise Stopped once an order is not wanted here any more, GivenBack once the drain has lasted too long."""
        sign = self.signs[claim.attempt_id]
        if sign.is_lost:
            raise Stopped
        if draining.is_over() and not sign.was_sent:
            raise GivenBack

    def write(self, previews: dict[int, bytes]) -> None:
        """Renew the leases, with what each has to say."""
        with self.lock:
            try:
                with transaction.atomic():
                    for number, sign in enumerate(self.signs.values()):
                        if not sign.is_lost and not sign.has_left:
                            self._renew(sign, previews.get(number))
            except Error as error:
                # A lease outlives a short absence; a longer one costs it, and the fence then says so.
                names = ", ".join(map(str, self.signs))
                logger.warning("heartbeat of %s not written: %s", names, error)
            finally:
                release_connection()

    def _draw_previews(self) -> dict[int, bytes]:
        previews: dict[int, bytes] = {}
        began = time.monotonic()
        if began < self.preview_at:
            return previews
        for number, sign in enumerate(self.signs.values()):
            if sign.draw_preview and not sign.is_lost and not sign.hides_previews:
                try:
                    previews[number] = sign.draw_preview()
                except Exception:
                    # Nobody's picture ends for want of a preview.
                    logger.exception("no preview of attempt %s", sign.claim.attempt_id)
        ended = time.monotonic()
        self.preview_at = ended + max(PREVIEW_EVERY_SECONDS, PREVIEW_PAUSES * (ended - began))
        return previews

    def _renew(self, sign: Sign, preview: bytes | None) -> None:
        try:
            claims.heartbeat(sign.claim, progress=sign.progress, preview=preview)
        except LeaseLost:
            sign.is_lost = True


def end_of(claim: Claim) -> float:
    """Return by this process's clock when a claim that begins to be drawn has been for as long as it may."""
    return float("inf") if claim.run_seconds is None else time.monotonic() + claim.run_seconds


class Beaten(Protocol):
    """What a heart beats for."""

    def write(self, previews: dict[int, bytes], /) -> None:
        """Renew its leases."""


class Heart:
    """Beats for every pulse of the process from one thread, which lives while there is any."""

    def __init__(self) -> None:
        self.pulses: list[Beaten] = []
        self.changed = threading.Condition()
        self.thread: threading.Thread | None = None

    def add(self, pulse: Beaten) -> None:
        """Beat for a pulse, too."""
        with self.changed:
            self.pulses.append(pulse)
            if self.thread is None:
                self.thread = threading.Thread(target=self._beat, name="heart", daemon=True)
                self.thread.start()

    def remove(self, pulse: Beaten) -> None:
        """Beat for a pulse no more."""
        with self.changed:
            if pulse in self.pulses:
                self.pulses.remove(pulse)
            self.changed.notify_all()

    def _beat(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: not self.pulses, settings.LEASE_SECONDS / 3)
                if not self.pulses:
                    self.thread = None
                    return
                pulses = list(self.pulses)
            for pulse in pulses:
                pulse.write({})


heart = Heart()
