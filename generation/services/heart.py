"""The sign of life of an attempt: its lease is renewed while its worker works, and a lost lease stops the work."""

import logging
import threading
import time
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from generation import claims
from generation.claims import Claim, LeaseLost
from generation.providers.errors import GivenBack, Stopped

logger = logging.getLogger(__name__)

# The customer watches progress; writing each of a fast engine's steps would cost more than the step.
PROGRESS_EVERY_SECONDS = 0.25
# Set when the worker process was told to stop.
draining = threading.Event()


class Heart:
    """Beats from a thread between enter and exit."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.lost = threading.Event()
        self.done = threading.Event()
        self.reported_at = 0.0
        self.draining_since: float | None = None
        self.thread = threading.Thread(
            target=self._beat, name=f"beat {claim.attempt_id}", daemon=True
        )

    def __enter__(self) -> Self:
        """Start to beat."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop to beat; the lease then lives on for what is left of it."""
        self.done.set()
        self.thread.join()

    def report(self, progress: float) -> None:
        """Note the progress (0 to 1); raise Stopped once the attempt is no longer this worker's."""
        if time.monotonic() - self.reported_at >= PROGRESS_EVERY_SECONDS:
            self.reported_at = time.monotonic()
            self._write(min(progress, 1.0))
        if self.lost.is_set():
            raise Stopped
        if draining.is_set():
            self.draining_since = self.draining_since or time.monotonic()
            if time.monotonic() - self.draining_since > settings.DRAIN_SECONDS:
                raise GivenBack

    def _beat(self) -> None:
        while not self.done.wait(settings.LEASE_SECONDS / 3) and not self.lost.is_set():
            self._write(None)

    def _write(self, progress: float | None) -> None:
        try:
            claims.heartbeat(self.claim, progress=progress)
        except LeaseLost:
            self.lost.set()
        except DatabaseError as error:
            # The lease outlives a short absence; a longer one costs it, and the fence then says so.
            logger.warning("heartbeat of %s not written: %s", self.claim.attempt_id, error)
        finally:
            release_connection()


def release_connection() -> None:
    """Give this thread's connection back to the pool, unless a transaction is open: others of the process need it."""
    if not connection.in_atomic_block:
        connection.close()
