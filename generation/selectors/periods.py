"""A period in figures: orders by hour, state, platform, model and template, why they failed, how long they took.

Each period is a range of primary keys, which hold the time; one statement counts in all ways at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from generation.states import TaskState
from genhub.lib.ids import id_at

WAYS = ("slot", "state", "platform", "model", "template", "error_code")
# First by all ways together: of a million rows some hundred are left, which are counted in each way by itself.
# `grouping` sets a bit for each way that a row is not grouped by, the first way the highest.
COUNTS = """
    SELECT grouping(slot, state, platform, model, template, error_code) AS way,
           coalesce(slot::text, state, platform, model, template, error_code) AS name,
           sum(tasks)::bigint, sum(cost_usd), coalesce(sum(tasks) FILTER (WHERE state = 'completed'), 0)::bigint,
           coalesce(sum(tasks) FILTER (WHERE state IN ('completed', 'failed')), 0)::bigint
      FROM (SELECT g.slot, g.state, p.name AS platform, g.model, f.code AS template,
                   nullif(g.error_code, '') AS error_code, g.tasks, g.cost_usd
              FROM (SELECT date_trunc(%(slot)s, created_at AT TIME ZONE %(zone)s) AS slot, state, platform_id, model,
                           template_version_id, error_code, count(*) AS tasks, sum(cost_usd) AS cost_usd
                      FROM generation_task
                     WHERE id >= %(first)s AND id < %(last)s
                     GROUP BY 1, 2, 3, 4, 5, 6) g
              JOIN platforms_platform p ON p.id = g.platform_id
              LEFT JOIN templates_templateversion v ON v.id = g.template_version_id
              LEFT JOIN templates_template f ON f.id = v.template_id) AS groups
     GROUP BY GROUPING SETS ((slot), (state), (platform), (model), (template), (error_code))
"""
# What waited and what worked apart; what was found in the cache did neither.
TIMES = """
    SELECT model, count(*),
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at)),
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - started_at))
      FROM generation_task
     WHERE id >= %(first)s AND id < %(last)s AND state = 'completed' AND cached_from_id IS NULL
     GROUP BY model
"""
HOUR, DAY = "hour", "day"


@dataclass(frozen=True)
class Count:
    """How many orders there were of one kind, how many were delivered of those that ended by us, and what they cost."""

    name: str
    tasks: int
    completed: int = 0
    judged: int = 0
    cost_usd: Decimal | None = None

    @property
    def success(self) -> float | None:
        """Return which part was delivered of what was delivered or failed; None where neither was."""
        return self.completed / self.judged if self.judged else None


@dataclass(frozen=True)
class Times:
    """Of a model: seconds that half, and 95 of 100, of its orders waited and were worked on, at the most."""

    number: int
    waited: tuple[float, float]
    worked: tuple[float, float]


@dataclass(frozen=True)
class Figures:
    """What was ordered from one moment until another, counted in each way, the most first; times by model."""

    counts: Mapping[str, list[Count]]
    times: Mapping[str, Times] = field(default_factory=dict)

    @property
    def whole(self) -> Count:
        """Return all of it as one."""
        states = self.counts["state"]
        costs = [one.cost_usd for one in states if one.cost_usd is not None]
        return Count(
            "",
            sum(one.tasks for one in states),
            sum(one.completed for one in states),
            sum(one.judged for one in states),
            sum(costs, Decimal(0)) if costs else None,
        )

    def of(self, state: TaskState) -> int:
        """Return how many stand in a state."""
        return next((one.tasks for one in self.counts["state"] if one.name == state), 0)


def count_period(begin: datetime, end: datetime, slot: str = HOUR) -> Figures:
    """Return the figures of the orders that were made from one moment until another, with a slot for each hour or day
    of the hub's zone."""
    values: dict[str, Any] = {
        "first": id_at(begin, timedelta()),
        "last": id_at(end, timedelta()),
        "slot": slot,
        "zone": settings.HUB_TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, values)
        counts = sort_counts(cursor.fetchall())
        cursor.execute(TIMES, values)
        times = {
            model: Times(number, tuple(waited), tuple(worked))
            for model, number, waited, worked in cursor.fetchall()
        }
    return Figures(counts, times)


def sort_counts(rows: list[tuple[Any, ...]]) -> dict[str, list[Count]]:
    """Return the counts by the way in which they were counted; one without a name is of no template, or no failure."""
    counts: dict[str, list[Count]] = {way: [] for way in WAYS}
    for bits, name, tasks, cost_usd, completed, judged in rows:
        way = next(w for place, w in enumerate(reversed(WAYS)) if not bits >> place & 1)
        if name is not None:
            counts[way].append(Count(name, tasks, completed, judged, cost_usd))
    for way, found in counts.items():
        found.sort(key=(lambda one: one.name) if way == "slot" else (lambda one: -one.tasks))
    return counts
