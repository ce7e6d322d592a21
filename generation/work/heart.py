"""The sign of life of a batch: its leases are renewed while its worker works, and a lost one stops its member."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import Error, connection, transaction

from generation.life import claims
from generation.life.claims import Claim, LeaseLost
from generation.life.ended_news import listener
from generation.providers.base import Report
from generation.providers.errors import GivenBack, Stopped

logger = logging.getLogger(__name__)

# The customer watches progress; writing each of a fast engine's steps would cost more than the step.
PROGRESS_EVERY_SECONDS = 0.25
PREVIEW_EVERY_SECONDS = 1.0
# A preview is a small decode: where it is slow, it comes so rarely that it costs a fiftieth of the time.
PREVIEW_PAUSES = 50


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


@dataclass
class Sign:
    """What one member has to say at the next beat."""

    claim: Claim
    progress: float | None = None
    draw_preview: Callable[[], bytes] | None = None
    is_lost: bool = False
    has_left: bool = False


class Heart:
    """Beats for the members of a batch from a thread, from `start` until the last one has left."""

    def __init__(self, members: Sequence[Claim]) -> None:
        self.signs = {claim.attempt_id: Sign(claim) for claim in members}
        self.done = threading.Event()
        # One beat at a time, so that two never lock the same rows in another order.
        self.lock = threading.Lock()
        self.written_at = float("-inf")
        self.preview_at = time.monotonic() + PREVIEW_EVERY_SECONDS
        self.thread = threading.Thread(
            target=self._beat, name=f"beat {members[0].attempt_id}", daemon=True
        )

    def start(self) -> None:
        """Start to beat, and to hear which tasks have ended."""
        listener.add(self.lose)
        self.thread.start()

    def stop(self) -> None:
        """Stop to beat; the leases then live on for what is left of them."""
        listener.remove(self.lose)
        self.done.set()
        self.thread.join()

    def leave(self, claim: Claim) -> None:
        """Beat no more for a member; without any left the heart stops."""
        sign = self.signs[claim.attempt_id]
        with self.lock:
            sign.has_left, sign.draw_preview = True, None
        if all(sign.has_left for sign in self.signs.values()):
            self.stop()

    def lose(self, task_id: str) -> None:
        """Stop the member of a task that has ended: its next report raises."""
        for sign in self.signs.values():
            if str(sign.claim.task_id) == task_id:
                sign.is_lost = True

    def report_of(self, claim: Claim) -> Report:
        """Return what the adapter calls while it makes this member's pictures."""
        return partial(self.report, claim)

    def report(self, claim: Claim, done: float, preview: Callable[[], bytes] | None = None) -> None:
        """Note a member's progress (0 to 1); raise Stopped once it is not wanted here, GivenBack once time is up."""
        sign = self.signs[claim.attempt_id]
        sign.progress = min(done, 1.0)
        if preview is not None and settings.LOCAL_PREVIEWS:
            sign.draw_preview = preview
        if time.monotonic() - self.written_at >= PROGRESS_EVERY_SECONDS:
            # One write for the whole batch: its members take the same steps.
            self.written_at = time.monotonic()
            self._write(self._draw_previews())
        self.check(claim)

    def check(self, claim: Claim) -> None:
        """Raise Stopped once a member is not wanted here any more, GivenBack once the drain has lasted too long."""
        if self.signs[claim.attempt_id].is_lost:
            raise Stopped
        if draining.is_over():
            raise GivenBack

    def _beat(self) -> None:
        while not self.done.wait(settings.LEASE_SECONDS / 3):
            self._write({})

    def _draw_previews(self) -> dict[int, bytes]:
        previews: dict[int, bytes] = {}
        began = time.monotonic()
        if began < self.preview_at:
            return previews
        for number, sign in enumerate(self.signs.values()):
            if sign.draw_preview and not sign.is_lost:
                try:
                    previews[number] = sign.draw_preview()
                except Exception:
                    # Nobody's picture ends for want of a preview.
                    logger.exception("no preview of attempt %s", sign.claim.attempt_id)
        ended = time.monotonic()
        self.preview_at = ended + max(PREVIEW_EVERY_SECONDS, PREVIEW_PAUSES * (ended - began))
        return previews

    def _write(self, previews: dict[int, bytes]) -> None:
        with self.lock:
            try:
                with transaction.atomic():
                    for number, sign in enumerate(self.signs.values()):
                        if not sign.is_lost and not sign.has_left:
                            self._renew(sign, previews.get(number))
            except Error as error:
                # A lease outlives a short absence; a longer one costs it, and the fence then says so.
                logger.warning("heartbeat of %s not written: %s", self.thread.name, error)
            finally:
                release_connection()

    def _renew(self, sign: Sign, preview: bytes | None) -> None:
        try:
            claims.heartbeat(sign.claim, progress=sign.progress, preview=preview)
        except LeaseLost:
            sign.is_lost = True


def release_connection() -> None:
    """Give this thread's connection back to the pool, unless a transaction is open: others of the process need it."""
    if not connection.in_atomic_block:
        connection.close()
