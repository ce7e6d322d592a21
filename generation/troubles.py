"""What may go wrong with the hub while nobody looks: each a cheap look at rows, for `genhub.alerts`."""

import math
import platform
import shutil
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_noop

from credits.audit import view_standing
from generation.loops import examine
from generation.selectors import troubles
from generation.selectors.queue import list_broken, list_live_workers, list_needed_queues
from generation.work.presence import GONE_AFTER
from genhub.alerts.conditions import Condition, Probe
from genhub.alerts.models import Alert
from genhub.webhooks.selectors import read_lag
from storage.usage import MIB

Kind = Alert.Kind
LOOP_WORDS = {
    "late": gettext_noop("no turn of it ends"),
    "failing": gettext_noop("its turns fail"),
    "unknown": gettext_noop("it has never run"),
}
# Disks and folders are each machine's own.
MACHINE = platform.node() or "localhost"


def find_stuck_queues() -> Iterator[Condition]:
    """Yield the queues whose oldest order waits for too long, though staff let it."""
    most = timedelta(seconds=settings.ALERT_QUEUE_SECONDS)
    for queue, age in troubles.read_oldest_waiting(most).items():
        yield Condition(queue, {"minutes": minutes(age)})


def find_lone_queues() -> Iterator[Condition]:
    """Yield the queues that enabled providers need and no live worker serves."""
    served = {queue for worker in list_live_workers(GONE_AFTER) for queue in worker.queues}
    return (Condition(queue) for queue in list_needed_queues() if queue not in served)


def find_closed_accounts() -> Iterator[Condition]:
    """Yield the providers that somebody must see to."""
    for alias, why in troubles.list_closed_accounts().items():
        # As the source has it: who reads the alert has a language of his own.
        with translation.override(None):
            said = str(why.label)
        yield Condition(alias, {"why": said})


def find_mistakes() -> Iterator[Condition]:
    """Yield what the newest audits found: of all books, and of what is new."""
    standing = view_standing()
    count = sum(len(run.findings) for run in (standing.whole, standing.since) if run)
    if count:
        yield Condition(facts={"count": count})


def find_ill_loops() -> Iterator[Condition]:
    """Yield the loops that are late or fail."""
    for name, loop in examine().items():
        if loop.state != "ok":
            yield Condition(name, {"why": LOOP_WORDS[loop.state]})


def find_broken_models() -> Iterable[Condition]:
    """Return the models that the breaker switched off."""
    return [Condition(alias) for alias in list_broken()]


def find_full_disk() -> Iterator[Condition]:
    """Yield this machine when little room is left in the home."""
    if not Path(settings.HOME).is_dir():
        return
    left = shutil.disk_usage(settings.HOME).free // MIB
    if left < settings.ALERT_DISK_MIB:
        yield Condition(MACHINE, {"mib": left, "folder": str(settings.HOME)})


def find_full_workers() -> Iterator[Condition]:
    """Yield the workers on other machines that have little room where they write."""
    for worker in list_live_workers(GONE_AFTER):
        host = str(worker.facts.get("process", "")).partition(":")[0]
        left = worker.facts.get("disk_free", math.inf) // MIB
        if host != MACHINE and left < settings.ALERT_DISK_MIB:
            yield Condition(worker.name, {"mib": left})


def find_late_webhooks() -> Iterator[Condition]:
    """Yield that apps are told too late."""
    count, lag = read_lag()
    if lag > timedelta(seconds=settings.ALERT_WEBHOOKS_SECONDS):
        yield Condition(facts={"count": count, "minutes": minutes(lag)})


def minutes(age: timedelta) -> int:
    """Return whole minutes."""
    return int(age.total_seconds() // 60)


PROBES = (
    Probe(Kind.QUEUE_STUCK, find_stuck_queues),
    Probe(Kind.WORKER_GONE, find_lone_queues),
    Probe(Kind.PROVIDER_CLOSED, find_closed_accounts),
    Probe(Kind.AUDIT_FAILED, find_mistakes),
    Probe(Kind.LOOP_LATE, find_ill_loops),
    Probe(Kind.MODEL_BROKEN, find_broken_models),
    Probe(Kind.DISK_LOW, find_full_disk, MACHINE),
    Probe(Kind.WORKER_FULL, find_full_workers),
    Probe(Kind.WEBHOOKS_LATE, find_late_webhooks),
)
