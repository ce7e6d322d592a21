"""Purses and their past, written in sets: consistent to the last column, so that the audit finds nothing."""

import uuid
from typing import Any

from django.db import connection

from credits.audit import audit
from genhub.platforms.models import Platform

CREDITS = 10**9
PRICE = 10

# Numbers written as ids: a script of pgbench can make them, too.
PURSES = """
    INSERT INTO credits_purse (id, platform_id, "user", available, held, version)
    SELECT lpad(n::text, 32, '0')::uuid, %(platform)s, 'user' || n, %(credits)s - %(price)s * %(cycles)s, 0,
           1 + 2 * %(cycles)s
      FROM generate_series(1, %(purses)s) n
"""
GRANTS = """
    INSERT INTO credits_transfer
           (id, purse_id, source, target, amount, kind, key, actor, reason, created_at, purse_version,
            available_after, held_after)
    SELECT lpad((10^12::bigint + n)::text, 32, '0')::uuid, lpad(n::text, 32, '0')::uuid, 'issued', 'available',
           %(credits)s, 'grant', 'grant:' || n, 'bench', 'a grant of the benchmark', now() - interval '2 days', 1,
           %(credits)s, 0
      FROM generate_series(1, %(purses)s) n
"""
# Each order of the past, by its turn and its purse: the hold's id, its reference and its time.
ORDERS = """
    CREATE TEMPORARY TABLE orders AS
    SELECT turn, n, lpad(n::text, 32, '0')::uuid AS purse_id,
           lpad((2 * 10^12::bigint + turn * 10^6::bigint + n)::text, 32, '0')::uuid AS hold_id,
           lpad((3 * 10^12::bigint + turn * 10^6::bigint + n)::text, 32, '0')::uuid AS reference,
           now() - interval '1 day' + turn * interval '1 millisecond' AS at
      FROM generate_series(1, %(cycles)s) turn, generate_series(1, %(purses)s) n
"""
HOLDS = """
    INSERT INTO credits_hold
           (id, purse_id, reference, amount, captured, state, created_at, expires_at, settled_at)
    SELECT hold_id, purse_id, reference, %(price)s, %(price)s, 'settled', at, at + interval '30 days', at
      FROM orders ORDER BY turn, n
"""
MOVES = """
    INSERT INTO credits_transfer
           (id, purse_id, source, target, amount, kind, key, hold_id, actor, reason, created_at, purse_version,
            available_after, held_after)
    SELECT lpad((4 * 10^12::bigint + turn * 2 * 10^6::bigint + n * 2 + step)::text, 32, '0')::uuid, purse_id,
           source, target, %(price)s, kind, key, hold_id, 'system', 'ai_generation', at, 2 * turn + step,
           %(credits)s - %(price)s * turn, held
      FROM orders,
           LATERAL (VALUES (0, 'available', 'held', 'hold', 'hold:' || reference, %(price)s),
                           (1, 'held', 'revenue', 'capture', 'settle:' || hold_id, 0)
                   ) m(step, source, target, kind, key, held)
     ORDER BY turn, n, step
"""


def fill(purses: int, *, cycles: int = 0) -> None:
    """Open purses with one grant each, and let each of them have paid `cycles` orders: 1 + 2 × cycles transfers."""
    platform, _ = Platform.objects.get_or_create(code="bench", defaults={"name": "Bench"})
    values: dict[str, Any] = {
        "platform": platform.pk,
        "credits": CREDITS,
        "price": PRICE,
        "purses": purses,
        "cycles": cycles,
    }
    with connection.cursor() as cursor:
        for statement in (PURSES, GRANTS, ORDERS, HOLDS, MOVES):
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE orders")
    tidy()


def tidy() -> None:
    """Let the planner know what was written, as autovacuum does in a minute."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def purse_id(number: int) -> uuid.UUID:
    """Return the id of a purse by its number, from 1."""
    return uuid.UUID(f"{number:032d}")


def check() -> None:
    """Raise unless the whole audit finds nothing and every credit that was granted is somewhere."""
    if findings := audit():
        raise AssertionError(f"the books are wrong: {findings}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) * %s FROM credits_purse", [CREDITS])
        [granted] = cursor.fetchone()
        cursor.execute("SELECT sum(available + held) FROM credits_purse")
        [kept] = cursor.fetchone()
        cursor.execute("SELECT coalesce(sum(captured - refunded), 0) FROM credits_hold")
        [paid] = cursor.fetchone()
    if granted != kept + paid:
        raise AssertionError(f"{granted} were granted, but {kept} are kept and {paid} paid")


def count_holds(state: str) -> int:
    """Return how many holds there are in a state."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM credits_hold WHERE state = %s", [state])
        return int(cursor.fetchone()[0])
