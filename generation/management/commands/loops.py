"""The loops that make lost doorbells and dead workers harmless; any number of copies is safe."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from credits import expiry
from credits.audit import nightly
from generation.services import bulk_refund, leftovers, rescue

logger = logging.getLogger(__name__)

# Somebody watches the bar: a look that finds nothing reads one page of an index.
REFUND_SECONDS = 1.0
SWEEP_FILES_SECONDS = 60.0


class Command(BaseCommand):
    """Run sweeper, reaper and deadline until told to stop."""

    help = "Ring forgotten tasks, take back what dead workers held, end what is too late."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run each loop when it is due; one that fails is logged and tried again at its next turn."""
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        loops: list[tuple[Callable[[], int], float]] = [
            (rescue.reap, settings.REAP_SECONDS),
            (rescue.sweep, settings.SWEEP_SECONDS),
            (rescue.end_late, settings.SWEEP_SECONDS),
            (rescue.end_gone, settings.SWEEP_SECONDS),
            (bulk_refund.refund_approved, REFUND_SECONDS),
            (expiry.expire_lots, settings.SWEEP_SECONDS),
            (expiry.expire_holds, settings.SWEEP_SECONDS),
            (leftovers.sweep_files, SWEEP_FILES_SECONDS),
            (nightly.start_due_audit, settings.SWEEP_SECONDS),
        ]
        due = dict.fromkeys((loop for loop, _ in loops), 0.0)
        while not stop.wait(0.2):
            for loop, period_seconds in loops:
                if time.monotonic() >= due[loop]:
                    due[loop] = time.monotonic() + period_seconds
                    run_once(loop)


def run_once(loop: Callable[[], int]) -> None:
    """Run one loop; whatever stops it is logged, since the other loops must outlive it."""
    try:
        loop()
    except Exception:
        logger.exception("%s failed; it runs again at its next turn", loop.__name__)
    finally:
        close_old_connections()
