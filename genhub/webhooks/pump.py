"""Sends what is due, many at a time: one loop claims, threads send. Of several jobs in a process one runs it; the
others only wake it."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings

from genhub.lib.connections import release_connection
from genhub.webhooks.claims import Claim, claim
from genhub.webhooks.lanes import Lanes
from genhub.webhooks.sending import deliver

logger = logging.getLogger(__name__)

# A job that has lasted so long ends, so that it shows; the loops ring again for the rest.
LONGEST_JOB_SECONDS = 60.0
# A receiver that rests is looked at again after so long.
LOOK_AGAIN_SECONDS = 1.0


class Pump:
    """The one sender of this process."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.lanes = Lanes()
        self.busy = 0
        self.is_running = self.is_rung = self.is_stopping = False
        self.pool: ThreadPoolExecutor | None = None

    def run(self) -> int:
        """Send what is due until there is no more, and return how many were begun; 0 when another job is at it."""
        with self.changed:
            self.is_rung = True
            self.changed.notify()
            if self.is_running or self.is_stopping:
                return 0
            self.is_running = True
            if self.pool is None:
                self.pool = ThreadPoolExecutor(settings.WEBHOOK_THREADS, "webhook")
        begun, ends_at = 0, time.monotonic() + LONGEST_JOB_SECONDS
        try:
            while self.goes_on(ends_at):
                found = self.begin_due(self.pool)
                begun += found
                if not found and not self.waits():
                    return begun
        finally:
            with self.changed:
                self.is_running = False
        return begun

    def goes_on(self, ends_at: float) -> bool:
        """Return whether to look for more, which answers whoever rang or ended until now."""
        with self.changed:
            self.is_rung = False
            return not self.is_stopping and time.monotonic() < ends_at

    def begin_due(self, pool: ThreadPoolExecutor) -> int:
        """Begin what is due and has room; return how many."""
        room = settings.WEBHOOK_THREADS - self.busy
        try:
            found = claim(room, *self.lanes.rooms()) if room > 0 else []
        finally:
            release_connection()
        for one in found:
            self.lanes.begin(one.receiver, str(one.endpoint_id))
            with self.changed:
                self.busy += 1
            pool.submit(partial(self.send, one))
        return len(found)

    def waits(self) -> bool:
        """Wait until one has ended or somebody rings; False when nothing is under way and nobody rang: that is the end,
        told in the same breath to those who ring later."""
        with self.changed:
            if self.is_rung:
                return True
            if not self.busy:
                self.is_running = False
                return False
            self.changed.wait(LOOK_AGAIN_SECONDS)
            return True

    def send(self, one: Claim) -> None:
        """Send one; whatever stops it is logged, and the delivery is due again when its claim has run out."""
        is_good = False
        try:
            is_good = deliver(one)
        except Exception:
            logger.exception("%s stays due", one.delivery)
        finally:
            release_connection()
            self.lanes.end(one.receiver, str(one.endpoint_id), is_good=is_good)
            with self.changed:
                self.busy -= 1
                # There may be room now for what there was none for a moment ago.
                self.is_rung = True
                self.changed.notify()

    def stop(self) -> None:
        """Begin no more: the process ends."""
        with self.changed:
            self.is_stopping = True
            self.changed.notify()


pump = Pump()
