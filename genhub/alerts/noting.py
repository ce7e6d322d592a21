"""Which alerts begin and end. A condition must hold for a while to begin, and be gone for a while to end: one that
comes and goes meanwhile is told once. Any number of processes may do this; one at a time writes."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from genhub.alerts import channels
from genhub.alerts.conditions import Condition, Findings
from genhub.alerts.models import Alert, Notice
from genhub.lib import locks
from genhub.lib.clock import NOW
from genhub.lib.prepared import PreparedCount

logger = logging.getLogger(__name__)

# Any number that nobody else of the hub uses.
LOCK = 0x616C6572
# So long nobody looked (the hub was off): what was seen before says nothing of now.
LONGEST_GAP = timedelta(minutes=1)
# The machine that saw it has not looked for so long: it is gone itself.
MACHINE_GONE = timedelta(hours=1)


@transaction.atomic
def note(found: Findings) -> int:
    """Write down what a look found, with the notices of what begins and ends; return how many did."""
    locks.take(LOCK)
    rows = {(row.kind, row.about): row for row in Alert.objects.filter(ended_at=None)}
    now = read_now()
    changed = 0
    for key, condition in found.conditions.items():
        if key in rows:
            changed += hold(rows[key], condition, now)
        else:
            kind, about = key
            Alert.objects.create(kind=kind, about=about, facts=condition.facts, since=now, looked_at=now)  # fmt: skip
    for key, row in rows.items():
        if key in found.conditions:
            continue
        if found.is_known(*key):
            changed += pass_by(row, now)
        elif found.is_of_machines(row.kind) and now - row.looked_at > MACHINE_GONE:
            changed += pass_by(row, now, at_once=True)
    return changed


def read_now() -> datetime:
    """Return the database's time, behind the lock: of two looks the later one is later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    found: datetime = now
    return found


def hold(row: Alert, condition: Condition, now: datetime) -> bool:
    """Note that a condition holds; return whether it begins by that."""
    since = now if was_unwatched(row, now) else row.since
    words: dict[str, Any] = {"facts": condition.facts, "looked_at": now, "gone_since": None}
    begins = row.began_at is None and now - since >= patience()
    if row.began_at is None:
        words["since"] = since
    if begins:
        words["began_at"] = now
        logger.warning("alert: %s", row)
    write(row, words, Notice.What.BEGAN if begins else None)
    return begins


def pass_by(row: Alert, now: datetime, *, at_once: bool = False) -> bool:
    """Note that a condition does not hold; return whether it ends by that."""
    if row.began_at is None:
        row.delete()
        return False
    is_new = row.gone_since is None or was_unwatched(row, now)
    gone_since = now if is_new or row.gone_since is None else row.gone_since
    words: dict[str, Any] = {"looked_at": now, "gone_since": gone_since}
    ends = at_once or now - gone_since >= patience()
    if ends:
        words["ended_at"] = now
        logger.warning("alert is over: %s", row)
    write(row, words, Notice.What.ENDED if ends else None)
    return ends


def write(row: Alert, words: dict[str, Any], what: Notice.What | None) -> None:
    """Write an alert and, for one of its ends, what is to be told by each channel that is set."""
    Alert.objects.filter(pk=row.pk).update(**words)
    if what:
        Notice.objects.bulk_create(
            Notice(alert=row, what=what, channel=channel) for channel in channels.list_set()
        )


def was_unwatched(row: Alert, now: datetime) -> bool:
    """Return whether nobody looked for so long that time has to be counted anew."""
    return now - row.looked_at > LONGEST_GAP


def patience() -> timedelta:
    """Return for how long a condition must hold, or be gone."""
    return timedelta(seconds=settings.ALERT_HOLD_SECONDS)


def list_open() -> list[Alert]:
    """Return what has begun and not ended, the newest first, each with the database's time as `now`."""
    rows = Alert.objects.filter(ended_at=None, began_at__isnull=False)
    return list(rows.annotate(now=NOW).order_by("-began_at"))


def count_open_kinds() -> dict[str, int]:
    """Return how many there are of each kind, 0 too."""
    found = Counter(alert.kind for alert in list_open())
    return {kind.value: found[kind] for kind in Alert.Kind}


# How many there are.
OPEN: Final = PreparedCount(lambda: Alert.objects.filter(ended_at=None, began_at__isnull=False))
