"""Where budgets stand now: one query for a whole page of them."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from credits.counts import WINDOW

# Cut by the same words as the window that holds are counted in.
PRESENT = WINDOW % {"period": "b.period", "zone": "p.time_zone", "at": "NULL::timestamptz"}
STANDS = f"""
    SELECT b.id, coalesce(c.used, 0), w.ends_at
      FROM credits_budget b
      LEFT JOIN credits_purse u ON u.id = b.purse_id
      LEFT JOIN platforms_apikey k ON k.id = b.api_key_id
      JOIN platforms_platform p ON p.id = coalesce(u.platform_id, k.platform_id)
     CROSS JOIN LATERAL ({PRESENT}) AS w(starts_at, ends_at)
      LEFT JOIN credits_count c ON c.limit_id = b.id AND c.subject_id = b.id AND c.starts_at = w.starts_at
     WHERE b.id = ANY (%s)
"""  # noqa: S608 (both halves are our own text)


@dataclass(frozen=True)
class Standing:
    """How much of a budget is used in its present window, and when that ends (None: never)."""

    used: int
    resets_at: datetime | None


def find_standings(budget_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Standing]:
    """Return where each of these budgets stands, by the database's clock and its platform's time zone."""
    if not budget_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(STANDS, [list(budget_ids)])
        return {row[0]: Standing(row[1], row[2]) for row in cursor.fetchall()}
