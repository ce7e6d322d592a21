"""The sign of life of a batch: its leases are renewed while its worker works, and a lost one stops its member."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import Error, connection, transaction

from generation import claims
from generation.claims import Claim, LeaseLost
from generation.providers.base import Report
from generation.providers.errors import GivenBack, Stopped

logger = logging.getLogger(__name__)

# The customer watches progress; writing each of a fast engine's steps would cost more than the step.
PROGRESS_EVERY_SECONDS = 0.25
PREVIEW_EVERY_SECONDS = 1.0
# Whether it is still wanted is asked more often than steps are made, so that a cancel is obeyed within one: the step
# under way is the last, unless it ends within this time. Where looks are slow, the pauses are as long as the looks.
LOOK_EVERY_SECONDS = 0.02
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
        """Start to beat."""
        self.thread.start()

    def stop(self) -> None:
        """Stop to beat; the leases then live on for what is left of them."""
        self.done.set()
        self.thread.join()

    def leave(self, claim: Claim) -> None:
        """Beat no more for a member; without any left the heart stops."""
        sign = self.signs[claim.attempt_id]
        with self.lock:
            sign.has_left, sign.draw_preview = True, None
        if all(sign.has_left for sign in self.signs.values()):
            self.stop()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look from a thread of its own which members are still wanted: the database may be slow, a step must not."""
        ended = threading.Event()
        looker = threading.Thread(
            target=self._keep_looking, args=(ended,), name=f"look {self.thread.name}", daemon=True
        )
        # What a transaction has claimed nobody else sees, nor ends.
        if not connection.in_atomic_block:
            looker.start()
        try:
            yield
        finally:
            ended.set()
            if looker.is_alive():
                looker.join()

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

    def _keep_looking(self, ended: threading.Event) -> None:
        pause = LOOK_EVERY_SECONDS
        while not ended.wait(pause):
            began = time.monotonic()
            self._look()
            pause = max(LOOK_EVERY_SECONDS, time.monotonic() - began)

    def _look(self) -> None:
        """Find out which of the members that are being drawn are no longer wanted here, writing nothing."""
        # Who reports no progress could not be stopped either: a vendor's answer is awaited without any look.
        drawn = [
            sign
            for sign in self.signs.values()
            if sign.progress is not None and not sign.is_lost and not sign.has_left
        ]
        if not drawn:
            return
        try:
            held = claims.list_held([sign.claim for sign in drawn])
        except Error as error:
            logger.warning("no look at %s: %s", self.thread.name, error)
        else:
            for sign in drawn:
                # Never back to False: a beat that came later may have found out more.
                if sign.claim.attempt_id not in held:
                    sign.is_lost = True
        finally:
            release_connection()

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
