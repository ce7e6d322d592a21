"""Which part of a stretch of time was added up, and of which the rows are to be read.

Every figure of a period is the sum of both. A day counts as added up only where all of it lies in the period.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings

from credits.selectors import Turnover, sum_turnover_of
from generation.models import ClosedDay
from genhub.lib.clock import read_clock
from genhub.lib.ids import id_at
from genhub.lib.zones import hub_zone


@dataclass(frozen=True)
class Stretch:
    """From one moment until another."""

    since: datetime
    until: datetime

    @property
    def ids(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Return the first id of it, and the first after it: rows are a range of their primary keys."""
        return id_at(self.since, timedelta()), id_at(self.until, timedelta())


@dataclass(frozen=True)
class Parts:
    """A stretch in parts: the days that were added up, with what they paid; and what lies open between them."""

    closed: Sequence[ClosedDay]
    open: Sequence[Stretch]

    def values(self, **more: Any) -> dict[str, Any]:
        """Return what statements are given: the closed days, and the bounds of what is open as `open_rows` names
        them."""
        values = {"closed": [day.pk for day in self.closed], "zone": settings.HUB_TIME_ZONE, **more}
        for number, stretch in enumerate(self.open):
            first, last = stretch.ids
            values |= {f"since_{number}": stretch.since, f"until_{number}": stretch.until,
                       f"first_{number}": first, f"last_{number}": last}  # fmt: skip
        return values

    def open_rows(self, column: str, low: str, high: str) -> str:
        """Return the condition of SQL that a column lies in what is open, between the values of these names."""
        ranges = [
            f"{column} >= %({low}_{number})s AND {column} < %({high}_{number})s"
            for number in range(len(self.open))
        ]
        return f"({' OR '.join(ranges)})" if ranges else "FALSE"

    def sum_turnover(self) -> Turnover:
        """Return what all purses together paid and got back in it."""
        moved = sum_turnover_of([(one.since, one.until) for one in self.open])
        return Turnover(
            captured=sum(day.captured for day in self.closed) + moved.captured,
            refunded=sum(day.refunded for day in self.closed) + moved.refunded,
        )


def part(stretch: Stretch) -> Parts:
    """Return the parts of a stretch."""
    since, until = stretch.since, stretch.until
    days = ClosedDay.objects.filter(zone=settings.HUB_TIME_ZONE, closed_at__isnull=False)
    closed = list(days.filter(begins_at__gte=since, ends_at__lte=until).order_by("begins_at"))
    open_ones, reached = [], since
    for day in closed:
        if day.begins_at > reached:
            open_ones.append(Stretch(reached, day.begins_at))
        reached = day.ends_at
    if reached < until:
        open_ones.append(Stretch(reached, until))
    return Parts(closed, open_ones)


def stretch_of(first: date, last: date) -> Stretch:
    """Return the days of the hub's zone from the first to the last, both whole."""
    begin, after = (datetime.combine(day, time.min, tzinfo=hub_zone()) for day in (first, last + timedelta(days=1)))  # fmt: skip
    return Stretch(begin, after)


def find_today() -> date:
    """Return which day it is in the hub's zone, by the database's clock."""
    return read_clock().astimezone(hub_zone()).date()
