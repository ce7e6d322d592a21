"""Counts against a limit, exact under concurrency: one conditional upsert counts, or refuses."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from credits.models import Count, Period

# Hours are cut from the instant itself, so that the hour that a change of clocks repeats is two windows.
WINDOW = """
    SELECT CASE %(period)s
               WHEN 'hour' THEN now_at - (local_at - date_trunc('hour', local_at))
               WHEN 'day' THEN date_trunc('day', local_at) AT TIME ZONE %(zone)s
               WHEN 'month' THEN date_trunc('month', local_at) AT TIME ZONE %(zone)s
               ELSE 'epoch'::timestamptz
           END,
           CASE %(period)s
               WHEN 'hour' THEN now_at - (local_at - date_trunc('hour', local_at)) + interval '1 hour'
               WHEN 'day' THEN (date_trunc('day', local_at) + interval '1 day') AT TIME ZONE %(zone)s
               WHEN 'month' THEN (date_trunc('month', local_at) + interval '1 month') AT TIME ZONE %(zone)s
           END
      FROM (SELECT at AS now_at, at AT TIME ZONE %(zone)s AS local_at
              FROM (SELECT coalesce(%(at)s, statement_timestamp()) AS at) AS clock) AS clocks
"""

COUNT_UP = """
    INSERT INTO credits_count (limit_id, subject_id, starts_at, ends_at, used)
    SELECT %(limit)s, %(subject)s, %(starts_at)s, %(ends_at)s, %(amount)s WHERE %(amount)s <= %(most)s
        ON CONFLICT (limit_id, subject_id, starts_at)
        DO UPDATE SET used = credits_count.used + excluded.used
            WHERE credits_count.used + excluded.used <= %(most)s
    RETURNING id
"""


@dataclass(frozen=True)
class Window:
    """A stretch of time that a limit counts in; `ends_at` is None for limits that never start anew."""

    starts_at: datetime
    ends_at: datetime | None


def find_window(period: Period, time_zone: str, at: datetime | None = None) -> Window:
    """Return the window that the database's clock (or `at`) stands in, cut in a time zone."""
    with connection.cursor() as cursor:
        cursor.execute(WINDOW, {"period": period.value, "zone": time_zone, "at": at})
        starts_at, ends_at = cursor.fetchone()
    return Window(starts_at, ends_at)


def count_up(
    limit_id: uuid.UUID, subject_id: uuid.UUID, window: Window, amount: int, most: int
) -> int | None:
    """Count an amount and return the count's id, or None, having counted nothing, when it would exceed `most`.

    The count stays locked until the caller's transaction ends; callers with several count in order of `limit_id`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT_UP,
            {
                "limit": limit_id,
                "subject": subject_id,
                "starts_at": window.starts_at,
                "ends_at": window.ends_at,
                "amount": amount,
                "most": most,
            },
        )
        found = cursor.fetchone()
    return int(found[0]) if found else None


def read_used(limit_id: uuid.UUID, subject_id: uuid.UUID, window: Window) -> int:
    """Return how much is counted in a window."""
    rows = Count.objects.filter(
        limit_id=limit_id, subject_id=subject_id, starts_at=window.starts_at
    )
    return rows.values_list("used", flat=True).first() or 0
