"""When the loops audit: all of the books once a day, and what came since the last clean audit every few minutes.

Any number of loops may ask. The run's own row says that somebody took it; the lock is only held to look and to take.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from credits.audit.runs import begin, find_checkpoint, finish
from credits.models import AuditRun

logger = logging.getLogger(__name__)

LOCK = 0x61756469
# A run that has not ended after this time died with its process: another is due.
GONE_AFTER = timedelta(hours=1)
CLOCK = """
    SELECT statement_timestamp(), date_trunc('day', at - span) AT TIME ZONE 'UTC' + span
      FROM (SELECT statement_timestamp() AT TIME ZONE 'UTC' AS at, make_interval(hours => %s) AS span) AS clock
"""


def start_due_audit() -> int:
    """Audit in a thread of its own what is due, so that the other loops go on; return 1 when it was started."""
    run = take_due()
    if run is None:
        return 0
    threading.Thread(target=_finish_apart, args=(run,), name="audit", daemon=True).start()
    return 1


def audit_when_due() -> AuditRun | None:
    """Audit what is due and freeze what is broken; None when nothing is, or another process does it."""
    run = take_due()
    return finish(run, freezes=True) if run else None


@transaction.atomic
def take_due() -> AuditRun | None:
    """Begin the run that is due, for whoever comes first; None for everybody else, and when none is due."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(CLOCK, [settings.AUDIT_HOUR])
        now, last_night = cursor.fetchone()
    runs = AuditRun.objects.filter(did_its_work(now))
    if not runs.filter(since=None, started_at__gte=last_night).exists():
        return begin(None)
    pause = timedelta(minutes=settings.AUDIT_MINUTES)
    if pause and not runs.filter(started_at__gt=now - pause).exists():
        return begin(find_checkpoint())
    return None


def did_its_work(now: datetime) -> Q:
    """Return the condition of runs after which no other is needed: clean, or froze what they found, or at work."""
    return (
        Q(checks__gt=0, findings=[])
        | Q(checks__gt=0, findings__0__freezes=True)
        | Q(checks=0, started_at__gt=now - GONE_AFTER)
    )


def _finish_apart(run: AuditRun) -> None:
    try:
        finish(run, freezes=True)
    except Exception:
        logger.exception("%s failed; another is due in an hour", run)
    finally:
        connection.close()
