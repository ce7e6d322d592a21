"""What a check is, what it reads, and how it is run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.utils.functional import Promise

MOST_ROWS = 100

# Where a purse's books begin: at the balance that a person stated when the last freeze was lifted, else at nothing. And
# every transfer after that, with what it adds to each bucket of its purse.
BOOKS = """
    WITH baselines AS (
        SELECT DISTINCT ON (purse_id) purse_id, version, available, held, lifted_at
          FROM credits_freeze WHERE lifted_at IS NOT NULL
         ORDER BY purse_id, lifted_at DESC, id DESC
    ), moves AS NOT MATERIALIZED (
        SELECT t.*,
               CASE 'available' WHEN target THEN amount WHEN source THEN -amount ELSE 0 END AS to_available,
               CASE 'held' WHEN target THEN amount WHEN source THEN -amount ELSE 0 END AS to_held
          FROM credits_transfer t LEFT JOIN baselines b ON b.purse_id = t.purse_id
         WHERE b.version IS NULL OR t.purse_version > b.version
    )
"""

# What a whole audit reads: all but what was settled before a baseline.
FULL = """, transfers AS NOT MATERIALIZED (
        SELECT * FROM moves
    ), purses AS NOT MATERIALIZED (
        SELECT * FROM credits_purse
    ), holds AS NOT MATERIALIZED (
        SELECT h.* FROM credits_hold h LEFT JOIN baselines b ON b.purse_id = h.purse_id
         WHERE b.version IS NULL
            OR EXISTS (SELECT FROM credits_transfer t WHERE t.hold_id = h.id AND t.purse_version > b.version)
    ), lots AS NOT MATERIALIZED (
        SELECT l.* FROM credits_lot l LEFT JOIN baselines b ON b.purse_id = l.purse_id
         WHERE b.version IS NULL OR l.created_at > b.lifted_at
    )
"""

# What an audit since a checkpoint reads: the transfers that came after it, and the purses and holds they touch.
SINCE = """, transfers AS MATERIALIZED (
        SELECT * FROM moves WHERE created_at >= %(since)s
    ), purses AS NOT MATERIALIZED (
        SELECT * FROM credits_purse WHERE id IN (SELECT purse_id FROM transfers)
    ), holds AS NOT MATERIALIZED (
        SELECT * FROM credits_hold WHERE id IN (SELECT hold_id FROM transfers)
    )
"""


@dataclass(frozen=True)
class Scope:
    """Named subqueries, after BOOKS, that a check reads in place of whole tables."""

    full: str = FULL
    since: str = SINCE

    def extend(self, *, full: str, since: str) -> "Scope":
        """Return this scope with further subqueries, each text beginning with a comma."""
        return Scope(self.full + full, self.since + since)


LEDGER = Scope()


@dataclass(frozen=True)
class Check:
    """One thing that must be true: a query that selects (row, purse or null) of whatever breaks it.

    `since` is the query that proves it of what came after a checkpoint, where that is another; None where it takes
    the whole books. A finding without a purse is not about one purse's credits, and freezes none.
    """

    meaning: str | Promise
    query: str
    since: str | None = ""
    scope: Scope = LEDGER


@dataclass(frozen=True)
class Finding:
    """A broken check, the rows that break it (at most 100, of `count`), and every purse whose credits they are."""

    check: str
    rows: list[str]
    count: int = 0
    purses: frozenset[str] = field(default=frozenset())


def find_broken(checks: Mapping[str, Check], since: datetime | None = None) -> list[Finding]:
    """Run checks, on all there is or on what came since a checkpoint, and return those that found anything."""
    findings = []
    with connection.cursor() as cursor:
        for name, check in checks.items():
            if since is None:
                cursor.execute(BOOKS + check.scope.full + check.query)
            elif check.since is not None:
                query = BOOKS + check.scope.since + (check.since or check.query)
                cursor.execute(query, {"since": since})
            else:
                continue
            if broken := cursor.fetchall():
                rows = sorted({str(row) for row, _purse in broken})
                purses = frozenset(str(purse) for _row, purse in broken if purse)
                findings.append(Finding(name, rows[:MOST_ROWS], len(rows), purses))
    return findings


def count_checks(checks: Mapping[str, Check], since: datetime | None) -> int:
    """Return how many of the checks such an audit runs."""
    return sum(since is None or check.since is not None for check in checks.values())
