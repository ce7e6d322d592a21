"""What makes lost doorbells and dead workers harmless: loops with a thread and a beat each, so that none hides another.

Any number of processes may run them: each turn looks at the rows, and a beat is whoever's came last.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from credits import expiry
from credits.audit import nightly
from generation.closing import close_days
from generation.describing.turns import describe_pictures
from generation.life import announcing, bulk_cancels, rerouting, rescue, steering
from generation.models import LoopBeat
from generation.refunds import bulk
from genhub.alerts.turns import tell_alerts, watch_alerts
from genhub.lib.clock import NOW
from genhub.lib.connections import release_connection
from genhub.retention.erasing import erase_asked
from genhub.retention.turns import delete_old
from storage.moving import settle_withheld
from storage.probing import probe_store
from storage.usage import add_up_use

logger = logging.getLogger(__name__)

# A bucket bills each question.
PROBE_SECONDS = 60.0
# Somebody watches the bar: a look that finds nothing reads one page of an index.
BULK_SECONDS = 1.0
# A vendor's order is asked for in time.
POLL_SECONDS = 1.0
# What is wrong must hold for a while anyway.
WATCH_SECONDS = 5.0
# Figures are right without it: it makes them quick.
CLOSE_SECONDS = 60.0
# What is old is no hurry.
SWEEPS_BETWEEN_DELETIONS = 6
# A quick loop need not write down each turn.
BEAT_SECONDS = 5.0
# A loop is late when it ended no turn for so many periods, and for at least so long.
LATE_PERIODS, SHORTEST_PATIENCE_SECONDS = 3, 15.0


@dataclass
class Loop:
    """A turn that is taken again and again, and what came of the last ones."""

    turn: Callable[[], object]
    period_seconds: float
    is_failing: bool = False
    beat_at: float = field(default=float("-inf"))

    @property
    def name(self) -> str:
        """Return what health and the log call it."""
        return self.turn.__name__

    def keep_turning(self, stop: threading.Event) -> None:
        """Take turns until told to stop."""
        # Whoever looks on knows that it runs before its first turn has ended.
        self.beat()
        while not stop.is_set():
            self.take_turn()
            stop.wait(self.period_seconds)

    def take_turn(self) -> None:
        """Take one turn; whatever stops it is logged and told, and the next one comes all the same."""
        was_failing = self.is_failing
        try:
            self.turn()
            self.is_failing = False
        except Exception:
            logger.exception("%s failed; it runs again at its next turn", self.name)
            self.is_failing = True
        finally:
            release_connection()
        if self.is_failing != was_failing or time.monotonic() - self.beat_at >= BEAT_SECONDS:
            self.beat()

    def beat(self) -> None:
        """Note that a turn has ended, and how; whatever goes wrong is logged and outlived."""
        failing_since = Coalesce(F("failing_since"), Now()) if self.is_failing else None
        first = Now() if self.is_failing else None
        words = {"period_seconds": self.period_seconds, "beat_at": Now()}
        try:
            LoopBeat.objects.update_or_create(
                name=self.name,
                defaults=words | {"failing_since": failing_since},
                create_defaults=words | {"failing_since": first},
            )
            self.beat_at = time.monotonic()
        except Exception:
            logger.exception("sign of life of %s not noted", self.name)
        finally:
            release_connection()


def list_loops() -> list[Loop]:
    """Return every loop of the hub."""
    return [
        Loop(rescue.reap, settings.REAP_SECONDS),
        Loop(rescue.sweep, settings.SWEEP_SECONDS),
        Loop(rescue.ring_due, POLL_SECONDS),
        Loop(announcing.ring_deliveries, POLL_SECONDS),
        Loop(describe_pictures, POLL_SECONDS),
        Loop(rerouting.ring_back, POLL_SECONDS),
        Loop(rerouting.reroute, POLL_SECONDS),
        Loop(rescue.end_late, POLL_SECONDS),
        Loop(steering.note_drained, POLL_SECONDS),
        Loop(rescue.end_gone, settings.SWEEP_SECONDS),
        Loop(bulk.refund_approved, BULK_SECONDS),
        Loop(bulk_cancels.cancel_asked, BULK_SECONDS),
        Loop(expiry.expire_lots, settings.SWEEP_SECONDS),
        Loop(expiry.expire_holds, settings.SWEEP_SECONDS),
        Loop(delete_old, SWEEPS_BETWEEN_DELETIONS * settings.SWEEP_SECONDS),
        Loop(probe_store, PROBE_SECONDS),
        Loop(settle_withheld, PROBE_SECONDS),
        Loop(add_up_use, settings.SWEEP_SECONDS),
        Loop(erase_asked, settings.SWEEP_SECONDS),
        Loop(close_days, CLOSE_SECONDS),
        Loop(nightly.start_due_audit, settings.SWEEP_SECONDS),
        Loop(watch_alerts, WATCH_SECONDS),
        Loop(tell_alerts, POLL_SECONDS),
    ]


def run(
    loops: Sequence[Loop], wait: Callable[[], object], on_death: Callable[[], object] = lambda: None
) -> None:
    """Run loops side by side until `wait` returns, then let each end its turn.

    A thread that dies takes no turns, and health says some time later that its loop is late; `on_death` is called at
    once, to make `wait` return and so have the whole process started anew.
    """
    stop = threading.Event()

    def keep_turning(loop: Loop) -> None:
        try:
            loop.keep_turning(stop)
        finally:
            if not stop.is_set():
                logger.critical("the thread of %s has died", loop.name)
                on_death()

    threads = [
        threading.Thread(target=keep_turning, args=(loop,), name=loop.name) for loop in loops
    ]
    for thread in threads:
        thread.start()
    wait()
    stop.set()
    for thread in threads:
        thread.join()


@dataclass(frozen=True)
class Condition:
    """How a loop is, for programs and in words."""

    state: Literal["ok", "late", "failing", "unknown"]
    said: str = "ok"


def examine() -> dict[str, Condition]:
    """Return how each loop of the hub is, by its last beat."""
    found = LoopBeat.objects.annotate(now=NOW)
    beats = {beat.name: (beat, beat.now) for beat in found}
    return {
        loop.name: judge(*beats[loop.name])
        if loop.name in beats
        else Condition("unknown", "has never run")
        for loop in list_loops()
    }


def judge(beat: LoopBeat, now: datetime) -> Condition:
    """Return how a loop is that gave this sign of life."""
    silent = now - beat.beat_at
    patience = max(LATE_PERIODS * beat.period_seconds, SHORTEST_PATIENCE_SECONDS)
    if silent > timedelta(seconds=patience):
        return Condition("late", f"is late: no turn has ended for {silent.total_seconds():.0f} s")
    if beat.failing_since:
        failing = (now - beat.failing_since).total_seconds()
        return Condition("failing", f"has failed for {failing:.0f} s; see the loops' log")
    return Condition("ok")
