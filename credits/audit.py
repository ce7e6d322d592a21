"""Proof that the books are right: each check is one query that must find nothing."""

from dataclasses import dataclass

from django.db import connection

CHECKS = {
    "cached_balance_equals_transfers": """
        SELECT p.id::text FROM credits_purse p
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN target = 'available' THEN amount ELSE 0 END
                              - CASE WHEN source = 'available' THEN amount ELSE 0 END), 0) AS available,
                   coalesce(sum(CASE WHEN target = 'held' THEN amount ELSE 0 END
                              - CASE WHEN source = 'held' THEN amount ELSE 0 END), 0) AS held,
                   count(*) AS moves
              FROM credits_transfer t WHERE t.purse_id = p.id
        ) s ON true
        WHERE p.available <> s.available OR p.held <> s.held OR p.version <> s.moves
    """,
    "no_negative_balance": "SELECT id::text FROM credits_purse WHERE available < 0 OR held < 0",
    "held_equals_open_holds": """
        SELECT p.id::text FROM credits_purse p
        LEFT JOIN credits_hold h ON h.purse_id = p.id AND h.state = 'open'
        GROUP BY p.id, p.held HAVING p.held <> coalesce(sum(h.amount), 0)
    """,
    "hold_parts_equal_transfers": """
        SELECT h.id::text FROM credits_hold h
        LEFT JOIN credits_transfer t ON t.hold_id = h.id
        GROUP BY h.id
        HAVING h.amount <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'hold'), 0)
            OR h.captured <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'capture'), 0)
            OR h.released <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'release'), 0)
            OR h.refunded <> coalesce(sum(t.amount) FILTER (WHERE t.kind = 'refund'), 0)
    """,
    "transfers_move_the_purse_of_their_hold": """
        SELECT t.id::text FROM credits_transfer t LEFT JOIN credits_hold h ON h.id = t.hold_id
        WHERE t.purse_id <> h.purse_id OR (t.kind = 'grant') <> (h.id IS NULL)
    """,
    "refund_within_capture": "SELECT id::text FROM credits_hold WHERE refunded > captured",
    "transfers_follow_each_other": """
        SELECT id::text FROM (
            SELECT id, purse_version, available_after, held_after,
                   coalesce(lag(purse_version) OVER w, 0) AS version_before,
                   coalesce(lag(available_after) OVER w, 0)
                     + CASE WHEN target = 'available' THEN amount ELSE 0 END
                     - CASE WHEN source = 'available' THEN amount ELSE 0 END AS available_due,
                   coalesce(lag(held_after) OVER w, 0)
                     + CASE WHEN target = 'held' THEN amount ELSE 0 END
                     - CASE WHEN source = 'held' THEN amount ELSE 0 END AS held_due
              FROM credits_transfer
            WINDOW w AS (PARTITION BY purse_id ORDER BY purse_version)
        ) s
        WHERE purse_version <> version_before + 1
           OR available_after <> available_due OR held_after <> held_due
    """,
}


@dataclass(frozen=True)
class Finding:
    """A broken check and the rows that break it (at most 100)."""

    check: str
    rows: list[str]


def audit() -> list[Finding]:
    """Return what is wrong with the books: an empty list when nothing is. It mends nothing."""
    return find_broken(CHECKS)


def find_broken(checks: dict[str, str]) -> list[Finding]:
    """Run checks, each a query that selects the broken rows' ids, and return those that found any."""
    findings = []
    with connection.cursor() as cursor:
        for name, query in checks.items():
            cursor.execute(query)
            if rows := [row[0] for row in cursor.fetchmany(100)]:
                findings.append(Finding(name, rows))
    return findings
