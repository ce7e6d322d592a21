"""What orders cost the operator in a period, and what they brought in: by provider, model, platform or day of the hub.

Counted are attempts that delivered or may have cost anything. What is of unknown cost is counted apart, never as 0.
Days that were added up are read from their sums; what a credit brings is as platforms say now, whenever it was paid.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from generation.selectors.closed_days import Parts, Stretch, find_today, part, stretch_of

# By which an operator asks: the key that a link carries, and the name to show.
GROUPS: Final = {
    "provider": ("c.provider_id::text", "v.alias"),
    "model": ("c.model", "c.model"),
    "platform": ("c.platform_id::text", "p.name"),
    "day": ("c.day::text", "c.day::text"),
}
FILTERS: Final = {
    "provider": "c.provider_id::text",
    "model": "c.model",
    "platform": "c.platform_id::text",
}
MOST_DAYS: Final = 3660
SUMMED: Final = "attempts, pictures, known_usd, known_pictures, unknown, given_up_usd, credits"

# Tasks and holds by their keys, one by one (`OFFSET 0`): the planner would rather read all of them than those of a day.
# Of a task of several steps the last one that was done brings what was paid for all.
ROWS: Final = """
    SELECT (a.ended_at AT TIME ZONE %(zone)s)::date AS day, a.provider_id, t.platform_id, t.model,
           count(*) AS attempts,
           coalesce(sum(made.pictures), 0) AS pictures,
           sum(a.cost_usd) AS known_usd,
           coalesce(sum(made.pictures) FILTER (WHERE a.cost_usd IS NOT NULL), 0) AS known_pictures,
           count(*) FILTER (WHERE a.cost_usd IS NULL) AS unknown,
           coalesce(sum(a.cost_usd) FILTER (WHERE a.state = 'canceled'), 0) AS given_up_usd,
           coalesce(sum(h.paid), 0) AS credits
      FROM generation_attempt a
     CROSS JOIN LATERAL (SELECT platform_id, model, step FROM generation_task WHERE id = a.task_id OFFSET 0) t
      LEFT JOIN LATERAL (SELECT captured - refunded AS paid FROM credits_hold WHERE reference = a.task_id OFFSET 0) h
             ON a.state = 'succeeded' AND (t.step = 0 OR NOT EXISTS (
                SELECT FROM generation_attempt l WHERE l.task_id = a.task_id AND l.number > a.number AND l.state = 'succeeded'))
     CROSS JOIN LATERAL (SELECT CASE WHEN a.state = 'succeeded'
                                     THEN coalesce((a.usage->>'pictures')::bigint, a.cost) END AS pictures) made
     WHERE {open} AND (a.state = 'succeeded' OR a.cost_usd IS NULL OR a.cost_usd > 0)
     GROUP BY 1, 2, 3, 4
"""
# `grouping` sets a bit for each way that a row is not grouped by, the first way the highest.
SUMS: Final = """
    SELECT grouping({bits}) AS way, {columns}, sum(c.attempts)::bigint AS attempts, sum(c.pictures)::bigint AS pictures,
           sum(c.known_usd) AS known_usd, sum(c.known_pictures)::bigint AS known_pictures, sum(c.unknown)::bigint AS unknown,
           sum(c.given_up_usd) AS given_up_usd, sum(c.credits)::bigint AS credits,
           CASE WHEN count(*) FILTER (WHERE c.credits > 0 AND p.usd_per_credit IS NULL) = 0
                THEN coalesce(sum(c.credits * p.usd_per_credit), 0) END AS revenue_usd
      FROM (SELECT d.day, s.account_id AS provider_id, s.platform_id, s.model, {summed}
              FROM generation_daycost s JOIN generation_closedday d ON d.id = s.closed_day_id
             WHERE s.closed_day_id = ANY(%(closed)s::uuid[])
             UNION ALL ({rows})) AS c
      JOIN generation_provider v ON v.id = c.provider_id
      JOIN platforms_platform p ON p.id = c.platform_id
     WHERE TRUE {filters}
     GROUP BY GROUPING SETS ({sets})
"""


@dataclass(frozen=True)
class CostSum:
    """The costs of one provider, model, platform or day; None: unknown.

    `given_up_usd` is that part of what is known that was paid, or may have to be, for orders that nobody waited for.
    """

    key: str
    name: str
    attempts: int = 0
    pictures: int = 0
    known_usd: Decimal | None = None
    known_pictures: int = 0
    unknown: int = 0
    given_up_usd: Decimal = Decimal(0)
    credits: int = 0
    revenue_usd: Decimal | None = Decimal(0)

    @property
    def average_usd(self) -> Decimal | None:
        """Return what a picture cost, of those whose cost is known."""
        if self.known_usd is None or not self.known_pictures:
            return None
        return self.known_usd / self.known_pictures

    @property
    def margin_usd(self) -> Decimal | None:
        """Return what is left of what came in; unknown while any cost, or what a credit brings, is unknown."""
        if self.revenue_usd is None or self.unknown:
            return None
        return self.revenue_usd - (self.known_usd or 0)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values: amounts as text, exact."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values |= {"average_usd": self.average_usd, "margin_usd": self.margin_usd}
        return {
            name: plain(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
        }


def plain(usd: Decimal) -> str:
    """Return an amount to a millionth, without the zeros at its end."""
    text = f"{usd.quantize(Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Period:
    """Days of the hub's zone, from the first to the last."""

    first: date
    last: date

    @property
    def whole(self) -> Stretch:
        """Return all of it as a stretch of time."""
        return stretch_of(self.first, self.last)


def last_days(number: int) -> Period:
    """Return the last so many days with today, by the database's clock."""
    today = find_today()
    return Period(today - timedelta(days=number - 1), today)


def sum_costs(
    by: str, period: Period | Parts, filters: Mapping[str, str] | None = None
) -> list[CostSum]:
    """Return the costs of what ended in a period, the dearest first, or the days in their order; `filters` are keys of
    FILTERS with what they must be."""
    return sum_costs_by([by], period, filters)[by]


def sum_costs_by(
    ways: Sequence[str], period: Period | Parts, filters: Mapping[str, str] | None = None
) -> dict[str, list[CostSum]]:
    """Return the costs of a period in several ways, read once."""
    parts = period if isinstance(period, Parts) else part(period.whole)
    wanted = {word: value for word, value in (filters or {}).items() if word in FILTERS}
    statement = SUMS.format(
        bits=", ".join(GROUPS[way][0] for way in ways),
        columns=", ".join(f"{key} AS key_{n}, {name} AS name_{n}" for n, (key, name) in enumerate(GROUPS[way] for way in ways)),
        sets=", ".join(f"({key}, {name})" for key, name in (GROUPS[way] for way in ways)),
        filters=" ".join(f"AND {FILTERS[word]} = %({word})s" for word in wanted),
        summed=SUMMED,
        rows=cost_rows(parts),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, parts.values(**wanted))
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {
        way: sort_sums(way, read_sums(rows, number, len(ways))) for number, way in enumerate(ways)
    }


def cost_rows(parts: Parts) -> str:
    """Return the statement that adds up the rows of what is open."""
    return ROWS.format(open=parts.open_rows("a.ended_at", "since", "until"))


def read_sums(rows: Iterable[dict[str, Any]], number: int, ways: int) -> list[CostSum]:
    """Return those sums that are grouped by one way of several."""
    others = (1 << ways) - 1 - (1 << (ways - 1 - number))
    figures = [f.name for f in fields(CostSum) if f.name not in {"key", "name"}]
    return [
        CostSum(
            row[f"key_{number}"], row[f"name_{number}"], **{name: row[name] for name in figures}
        )
        for row in rows
        if row["way"] == others
    ]


def sort_sums(way: str, sums: list[CostSum]) -> list[CostSum]:
    """Return the days in their order, of all else the dearest first; what is not known is dear to nobody."""
    if way == "day":
        return sorted(sums, key=lambda one: one.key)
    return sorted(
        sums,
        key=lambda one: (one.known_usd is None, -(one.known_usd or 0), -one.attempts, one.name),
    )


def add_up(sums: Iterable[CostSum]) -> CostSum:
    """Return the sum of several; what one of them does not know of its revenue is not known."""
    rows = list(sums)
    known = [row.known_usd for row in rows if row.known_usd is not None]
    revenues = [row.revenue_usd for row in rows if row.revenue_usd is not None]
    return CostSum(
        "", "",
        attempts=sum(row.attempts for row in rows),
        pictures=sum(row.pictures for row in rows),
        known_usd=sum(known, Decimal(0)) if known else None,
        known_pictures=sum(row.known_pictures for row in rows),
        unknown=sum(row.unknown for row in rows),
        given_up_usd=sum((row.given_up_usd for row in rows), Decimal(0)),
        credits=sum(row.credits for row in rows),
        revenue_usd=sum(revenues, Decimal(0)) if len(revenues) == len(rows) else None,
    )  # fmt: skip


def whole_days(sums: Iterable[CostSum], period: Period) -> list[CostSum]:
    """Return one sum for each day of a period, also of those that cost nothing."""
    found = {row.key: row for row in sums}
    number = (period.last - period.first).days + 1
    days = [(period.first + timedelta(days=later)).isoformat() for later in range(number)]
    return [found.get(day) or CostSum(day, day) for day in days]
