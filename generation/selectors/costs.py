"""What orders cost the operator in a period, by provider, model, platform or day (UTC), and what they brought in.

Counted are attempts that delivered or may have cost anything. What is of unknown cost is counted apart, never as 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

# By which an operator asks: the key that a link carries, and the name to show.
GROUPS = {
    "provider": ("v.id::text", "v.alias"),
    "model": ("t.model", "t.model"),
    "platform": ("p.id::text", "p.name"),
    "day": ("(a.ended_at AT TIME ZONE 'UTC')::date::text", "(a.ended_at AT TIME ZONE 'UTC')::date::text"),
}  # fmt: skip
FILTERS = {"provider": "v.id::text", "model": "t.model", "platform": "p.id::text"}
MOST_DAYS = 3660

# `grouping` sets a bit for each way that a row is not grouped by, the first way the highest.
SUMS = """
    SELECT grouping({bits}) AS way, {columns}, count(*) AS attempts,
           coalesce(sum(made.pictures), 0) AS pictures,
           sum(a.cost_usd) AS known_usd,
           coalesce(sum(made.pictures) FILTER (WHERE a.cost_usd IS NOT NULL), 0) AS known_pictures,
           count(*) FILTER (WHERE a.cost_usd IS NULL) AS unknown,
           coalesce(sum(a.cost_usd) FILTER (WHERE a.state = 'canceled'), 0) AS given_up_usd,
           coalesce(sum(h.captured - h.refunded), 0) AS credits,
           CASE WHEN count(*) FILTER (WHERE h.captured > h.refunded AND p.usd_per_credit IS NULL) = 0
                THEN coalesce(sum((h.captured - h.refunded) * p.usd_per_credit), 0) END AS revenue_usd
      FROM generation_attempt a
      JOIN generation_task t ON t.id = a.task_id
      JOIN generation_provider v ON v.id = a.provider_id
      JOIN platforms_platform p ON p.id = t.platform_id
      LEFT JOIN credits_hold h ON h.reference = t.id AND a.state = 'succeeded'
     CROSS JOIN LATERAL (SELECT CASE WHEN a.state = 'succeeded'
                                     THEN coalesce((a.usage->>'pictures')::bigint, a.cost) END AS pictures) made
     WHERE a.ended_at >= %(since)s AND a.ended_at < %(until)s
       AND (a.state = 'succeeded' OR a.cost_usd IS NULL OR a.cost_usd > 0) {filters}
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
    """Days of UTC, from the first to the last."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """Return its first moment."""
        return datetime.combine(self.first, time.min, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """Return the moment after it."""
        return datetime.combine(self.last, time.min, tzinfo=UTC) + timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """From one moment until another, such as days of another zone."""

    since: datetime
    until: datetime


def last_days(number: int) -> Period:
    """Return the last so many days with today, by the database's clock."""
    today = find_today()
    return Period(today - timedelta(days=number - 1), today)


def find_today() -> date:
    """Return which day it is, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (statement_timestamp() AT TIME ZONE 'UTC')::date")
        found: date = cursor.fetchone()[0]
    return found


def sum_costs(
    by: str, period: Period | Stretch, filters: Mapping[str, str] | None = None
) -> list[CostSum]:
    """Return the costs of what ended in a period, the dearest first, or the days in their order; `filters` are keys of
    FILTERS with what they must be."""
    return sum_costs_by([by], period, filters)[by]


def sum_costs_by(
    ways: Sequence[str], period: Period | Stretch, filters: Mapping[str, str] | None = None
) -> dict[str, list[CostSum]]:
    """Return the costs of a period in several ways, read once."""
    wanted = {word: value for word, value in (filters or {}).items() if word in FILTERS}
    statement = SUMS.format(
        bits=", ".join(GROUPS[way][0] for way in ways),
        columns=", ".join(f"{key} AS key_{n}, {name} AS name_{n}" for n, (key, name) in enumerate(GROUPS[way] for way in ways)),
        sets=", ".join(f"({key}, {name})" for key, name in (GROUPS[way] for way in ways)),
        filters=" ".join(f"AND {FILTERS[word]} = %({word})s" for word in wanted),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": period.since, "until": period.until, **wanted})
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {
        way: sort_sums(way, read_sums(rows, number, len(ways))) for number, way in enumerate(ways)
    }


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
