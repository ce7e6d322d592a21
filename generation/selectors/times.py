"""How long orders waited and were worked on, by model: half of them, and 95 of 100.

Such figures of several days cannot be added up from those of each. So each order counts in a step, of which each is 5 %
longer than the one before; steps are added up, and what is told is the middle of one: it is 2.5 % off at the most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from generation.selectors.closed_days import Parts

# The first step ends at a millisecond; each is as many times as long as the one before.
SHORTEST_SECONDS: Final = 0.001
STEP: Final = 1.05
SHARES: Final = (0.5, 0.95)

# What waited and what worked apart; what was found in the cache did neither. Numbers of any length would take four
# times as long.
ROWS: Final = """
    SELECT model, s.step, sum(waited)::bigint AS waited, sum(worked)::bigint AS worked
      FROM generation_task,
           LATERAL (VALUES (started_at - created_at, 1, 0), (completed_at - started_at, 0, 1)) took(length, waited, worked),
           LATERAL (SELECT extract(epoch FROM length)::float8 / {shortest} AS lasted) l,
           LATERAL (SELECT ceil(ln(greatest(lasted, 1)) / ln({step}::float8))::int AS step) s
     WHERE {open} AND state = 'completed' AND cached_from_id IS NULL AND started_at IS NOT NULL
     GROUP BY model, s.step
"""
TIMES: Final = """
    SELECT model, step, sum(waited)::bigint, sum(worked)::bigint
      FROM (SELECT model, step, waited, worked FROM generation_daytime WHERE closed_day_id = ANY(%(closed)s::uuid[])
             UNION ALL ({rows})) AS each
     GROUP BY model, step ORDER BY model, step
"""


@dataclass(frozen=True)
class Times:
    """Of a model: seconds that half, and 95 of 100, of its orders waited and were worked on, at the most."""

    number: int
    waited: tuple[float, ...]
    worked: tuple[float, ...]


def read_times(parts: Parts) -> Mapping[str, Times]:
    """Return the times of each model that delivered anything of what was ordered in a stretch."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TIMES.format(rows=time_rows(parts)), parts.values())
        for model, *steps in cursor.fetchall():
            found.setdefault(model, []).append((steps[0], steps[1], steps[2]))
    return {
        model: Times(
            sum(waited for _step, waited, _worked in rows),
            tuple(reach([(step, waited) for step, waited, _worked in rows])),
            tuple(reach([(step, worked) for step, _waited, worked in rows])),
        )
        for model, rows in found.items()
    }


def time_rows(parts: Parts) -> str:
    """Return the statement that counts the steps of what is open."""
    open_ones = parts.open_rows("id", "first", "last")
    return ROWS.format(open=open_ones, shortest=SHORTEST_SECONDS, step=STEP)


def reach(steps: Sequence[tuple[int, int]]) -> Iterable[float]:
    """Yield the seconds that each of SHARES of all orders took at the most; the steps rise."""
    number = sum(count for _step, count in steps)
    for share in SHARES:
        passed = 0
        for step, count in steps:
            passed += count
            if passed >= share * number:
                yield length_of(step)
                break


def length_of(step: int) -> float:
    """Return the seconds in the middle of a step; nothing is told to last for a millisecond or less."""
    return SHORTEST_SECONDS * STEP ** (step - 0.5) if step else 0.0
