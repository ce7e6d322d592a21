"""A period in figures: orders by hour, state, platform, model and template, why they failed, how long they took.

What was ordered on days that were added up is read from their sums, the rest from ranges of primary keys, which hold
the time: one statement counts in all ways at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection

from generation.selectors.closed_days import Parts, Stretch, part
from generation.selectors.times import Times, read_times
from generation.states import TaskState

WAYS: Final = ("slot", "state", "platform", "model", "template", "error_code")
# First by all ways together: of a million rows some hundred are left, which are counted in each way by itself.
# `grouping` sets a bit for each way that a row is not grouped by, the first way the highest.
ROWS: Final = """
    SELECT way, name, tasks, completed, judged, cost_usd
      FROM (SELECT CASE grouping(slot, state, platform, model, template, error_code)
                   WHEN b'011111'::int THEN 'slot' WHEN b'101111'::int THEN 'state' WHEN b'110111'::int THEN 'platform'
                   WHEN b'111011'::int THEN 'model' WHEN b'111101'::int THEN 'template' ELSE 'error_code' END AS way,
                   coalesce(slot::text, state, platform::text, model, template, error_code) AS name,
                   sum(tasks)::bigint AS tasks, sum(cost_usd) AS cost_usd,
                   coalesce(sum(tasks) FILTER (WHERE state = 'completed'), 0)::bigint AS completed,
                   coalesce(sum(tasks) FILTER (WHERE state IN ('completed', 'failed')), 0)::bigint AS judged
              FROM (SELECT g.slot, g.state, g.platform_id AS platform, g.model, f.code AS template,
                           nullif(g.error_code, '') AS error_code, g.tasks, g.cost_usd
                      FROM (SELECT date_trunc('hour', created_at AT TIME ZONE %(zone)s) AS slot, state, platform_id, model,
                                   template_version_id, error_code, count(*) AS tasks, sum(cost_usd) AS cost_usd
                              FROM generation_task
                             WHERE {open}
                             GROUP BY 1, 2, 3, 4, 5, 6) g
                      LEFT JOIN templates_templateversion v ON v.id = g.template_version_id
                      LEFT JOIN templates_template f ON f.id = v.template_id) AS groups
             GROUP BY GROUPING SETS ((slot), (state), (platform), (model), (template), (error_code))) AS ways
     WHERE name IS NOT NULL
"""
COUNTS: Final = """
    SELECT way, CASE way WHEN 'slot' THEN date_trunc(%(slot)s, name::timestamp)::text ELSE name END, sum(tasks)::bigint,
           sum(completed)::bigint, sum(judged)::bigint, sum(cost_usd)
      FROM (SELECT way, name, tasks, completed, judged, cost_usd FROM generation_daycount
             WHERE closed_day_id = ANY(%(closed)s::uuid[])
             UNION ALL ({rows})) AS each
     GROUP BY 1, 2
"""
HOUR, DAY = "hour", "day"


@dataclass(frozen=True)
class Count:
    """How many orders there were of one kind, how many were delivered of those that ended by us, and what they cost. A
    platform is named by its id."""

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
    return count_parts(part(Stretch(begin, end)), slot)


def count_parts(parts: Parts, slot: str = HOUR, *, with_times: bool = True) -> Figures:
    """Return the figures of what was ordered in a stretch that is given in its parts."""
    statement = COUNTS.format(rows=count_rows(parts))
    counts: dict[str, list[Count]] = {way: [] for way in WAYS}
    with connection.cursor() as cursor:
        cursor.execute(statement, parts.values(slot=slot))
        for way, *words in cursor.fetchall():
            counts[way].append(Count(*words))
    for way, found in counts.items():
        found.sort(key=lambda one: (one.name,) if way == "slot" else (-one.tasks, one.name))
    return Figures(counts, read_times(parts) if with_times else {})


def count_rows(parts: Parts) -> str:
    """Return the statement that counts the rows of what is open."""
    return ROWS.format(open=parts.open_rows("id", "first", "last"))
