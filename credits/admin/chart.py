"""The balance of a purse at the end of each of the last days, as a line."""

import json
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from credits.models import Purse

DAYS = 30

# The last transfer of each day is found by halving the purse's unbroken versions: some 20 probes of one index for each
# day, whether the purse moved ten times or a million times.
LAST_OF_DAYS = """
    WITH RECURSIVE days AS (
        SELECT today - back AS day, (today - back + 1)::timestamp AT TIME ZONE %(zone)s AS ends_at
          FROM (SELECT (statement_timestamp() AT TIME ZONE %(zone)s)::date AS today) AS clock,
               generate_series(0, %(days)s - 1) AS back
    ), halves AS (
        SELECT day, ends_at, 0::bigint AS low, p.version AS high FROM days, credits_purse p WHERE p.id = %(purse)s
         UNION ALL
        SELECT h.day, h.ends_at, CASE WHEN t.created_at < h.ends_at THEN m.middle ELSE h.low END,
               CASE WHEN t.created_at < h.ends_at THEN h.high ELSE m.middle - 1 END
          FROM halves h
         CROSS JOIN LATERAL (SELECT (h.low + h.high + 1) / 2 AS middle) AS m
          LEFT JOIN credits_transfer t ON t.purse_id = %(purse)s AND t.purse_version = m.middle
         WHERE h.low < h.high
    )
    SELECT h.day, coalesce(t.available_after, 0)
      FROM halves h LEFT JOIN credits_transfer t ON t.purse_id = %(purse)s AND t.purse_version = h.low
     WHERE h.low = h.high
     ORDER BY h.day
"""


def daily_balances(purse: Purse, days: int = DAYS) -> list[tuple[Any, int]]:
    """Return what was available at the end of each of the last days, in the platform's time zone; today's so far."""
    with connection.cursor() as cursor:
        zone = purse.platform.time_zone
        cursor.execute(LAST_OF_DAYS, {"purse": purse.pk, "zone": zone, "days": days})
        return [(row[0], row[1]) for row in cursor.fetchall()]


def balance_chart(purse: Purse) -> dict[str, Any]:
    """Return the chart's data as the admin theme's component takes it, and the same in words."""
    points = daily_balances(purse)
    line = {
        "label": gettext("Available"),
        "data": [available for _day, available in points],
        "borderColor": "var(--color-primary-500)",
        "stepped": "middle",
        "displayYAxis": True,
        "maxTicksXLimit": 8,
    }
    labels = [day.strftime("%m-%d") for day, _available in points]
    values = [available for _day, available in points]
    return {
        "data": json.dumps({"labels": labels, "datasets": [line]}),
        "least": min(values, default=0),
        "most": max(values, default=0),
        "zone": purse.platform.time_zone,
    }
