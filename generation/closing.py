"""The loop that adds up days that are over, and again those of which a row has changed since.

A day is marked, its rows are added up, and it is closed if its mark still stands: a change of one of its rows takes the
mark away, in the transaction of the change. A process that dies leaves a day open, whose rows are then read.
"""

import logging
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from psycopg.errors import LockNotAvailable

from generation.models import ClosedDay, Task
from generation.selectors.closed_days import Parts, Stretch, stretch_of
from generation.selectors.costs import SUMMED, cost_rows
from generation.selectors.periods import count_rows
from generation.selectors.times import time_rows
from genhub.lib import locks
from genhub.lib.clock import read_clock
from genhub.lib.ids import new_id
from genhub.lib.zones import hub_zone

logger = logging.getLogger(__name__)
# What was written in time is committed by then. The triggers know it, too: what is younger is in no closed day.
GRACE: Final = timedelta(minutes=10)
# The loop says that it lives at the end of a turn; the first one of an old hub has years before it.
TURN_SECONDS = 5.0
LOCK_MILLISECONDS = 2000
# Of the advisory lock of a day that is added up: two processes would write its sums twice. ASCII “clos”.
LOCK: Final = 1668050803
FORGET: Final = ("generation_daycount", "generation_daytime", "generation_daycost")
# Whoever takes a mark away holds this table, too: once it is had alone, whatever changed before is committed and will
# be counted, and whatever changes afterwards finds the mark.
ALONE: Final = """
    SET LOCAL lock_timeout = '{milliseconds}ms';
    LOCK TABLE generation_closedday IN SHARE ROW EXCLUSIVE MODE
"""
COUNT: Final = """
    INSERT INTO generation_daycount (closed_day_id, way, name, tasks, completed, judged, cost_usd)
    SELECT %(day)s, way, name, tasks, completed, judged, cost_usd FROM ({rows}) AS each
"""
TIME: Final = """
    INSERT INTO generation_daytime (closed_day_id, model, step, waited, worked)
    SELECT %(day)s, model, step, waited, worked FROM ({rows}) AS each
"""
COST: Final = """
    INSERT INTO generation_daycost (closed_day_id, account_id, platform_id, model, {summed})
    SELECT %(day)s, provider_id, platform_id, model, {summed} FROM ({rows}) AS each
"""


class Reopened(Exception):
    """A row of the day changes, or another process took it up: it stays open until a later turn."""


def close_days(at: datetime | None = None) -> int:
    """Close days, the newest first, for a few seconds; return how many. `at` is what the time is taken to be."""
    forget_other_zones()
    until, closed = time.monotonic() + TURN_SECONDS, 0
    for day in list_open(at or read_clock()):
        try:
            close(mark(day))
            closed += 1
        except Reopened:
            logger.info("%s changed while it was added up; a later turn does it", day)
        if time.monotonic() > until:
            break
    return closed


def forget_other_zones() -> None:
    """Delete the days of a zone that was the hub's before: its days are others."""
    ClosedDay.objects.exclude(zone=settings.HUB_TIME_ZONE).delete()


def list_open(at: datetime) -> Iterator[date]:
    """Yield the days that are over and not closed, from the newest to the first on which anything was ordered."""
    first = Task.objects.order_by("pk").values_list("created_at", flat=True).first()
    if first is None:
        return
    closed = set(ClosedDay.objects.filter(closed_at__isnull=False).values_list("day", flat=True))
    day, oldest = ((moment.astimezone(hub_zone()).date()) for moment in (at - GRACE, first))
    while (day := day - timedelta(days=1)) >= oldest:
        if day not in closed:
            yield day


def mark(day: date) -> ClosedDay:
    """Open a day, under a mark that each change of its rows from now on takes away, and return it; raise Reopened where
    a change takes too long to end."""
    stretch = stretch_of(day, day)
    times = {"begins_at": stretch.since, "ends_at": stretch.until}
    words = {**times, "mark": new_id(), "closed_at": None}
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(ALONE.format(milliseconds=LOCK_MILLISECONDS))
            # No lock of the row that those of its sums would wait for, which another process may be writing.
            rows = ClosedDay.objects.filter(zone=settings.HUB_TIME_ZONE, day=day)
            if not rows.update(**words):
                rows.create(zone=settings.HUB_TIME_ZONE, day=day, **words)
            return rows.get()
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Reopened from error
        raise


def close(day: ClosedDay) -> None:
    """Add up the rows of a day that was marked; raise Reopened where the mark no longer stands."""
    parts = Parts([], [Stretch(day.begins_at, day.ends_at)])
    values = parts.values(day=day.pk)
    marked = ClosedDay.objects.filter(pk=day.pk, mark=day.mark)
    with transaction.atomic():
        locks.take(LOCK, str(day.pk))
        if not marked.exists():
            raise Reopened
        with connection.cursor() as cursor:
            for table in FORGET:
                cursor.execute(f"DELETE FROM {table} WHERE closed_day_id = %s", [day.pk])  # noqa: S608 (our own names)
            cursor.execute(COUNT.format(rows=count_rows(parts)), values)
            cursor.execute(TIME.format(rows=time_rows(parts)), values)
            cursor.execute(COST.format(rows=cost_rows(parts), summed=SUMMED), values)
        moved = parts.sum_turnover()
        if not marked.update(closed_at=Now(), captured=moved.captured, refunded=moved.refunded):
            raise Reopened
