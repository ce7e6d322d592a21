"""Purses and their past, written in sets: consistent to the last column, so that the audit finds nothing."""

import uuid

from django.db import connection

from credits.audit import audit
from genhub.platforms.models import Platform

CREDITS = 10**9
PRICE = 10

# Numbers written as ids: a script of pgbench can make them, too.
ID = "lpad(({})::text, 32, '0')::uuid"

PURSES = f"""
    INSERT INTO credits_purse (id, platform_id, "user", available, held, version)
    SELECT {ID.format("n")}, %(platform)s, 'user' || n, %(credits)s - {PRICE} * %(cycles)s, 0, 1 + 2 * %(cycles)s
      FROM generate_series(1, %(purses)s) n
"""
GRANTS = f"""
    INSERT INTO credits_transfer
           (id, purse_id, source, target, amount, kind, key, actor, reason, created_at, purse_version,
            available_after, held_after)
    SELECT {ID.format("10^12::bigint + n")}, {ID.format("n")}, 'issued', 'available', %(credits)s, 'grant',
           'grant:' || n, 'bench', 'a grant of the benchmark', now() - interval '2 days', 1, %(credits)s, 0
      FROM generate_series(1, %(purses)s) n
"""
HOLDS = f"""
    INSERT INTO credits_hold
           (id, purse_id, reference, amount, captured, state, created_at, expires_at, settled_at)
    SELECT {ID.format("2 * 10^12::bigint + c * 10^6::bigint + n")}, {ID.format("n")},
           {ID.format("3 * 10^12::bigint + c * 10^6::bigint + n")}, {PRICE}, {PRICE}, 'settled',
           t.at, t.at + interval '30 days', t.at
      FROM generate_series(1, %(cycles)s) c, generate_series(1, %(purses)s) n,
           LATERAL (SELECT now() - interval '1 day' + c * interval '1 millisecond' AS at) t
     ORDER BY c, n
"""
MOVES = f"""
    INSERT INTO credits_transfer
           (id, purse_id, source, target, amount, kind, key, hold_id, actor, reason, created_at, purse_version,
            available_after, held_after)
    SELECT {ID.format("4 * 10^12::bigint + c * 2 * 10^6::bigint + n * 2 + m.step")}, {ID.format("n")},
           m.source, m.target, {PRICE}, m.kind, m.key, h.id, 'system', 'ai_generation', t.at,
           2 * c + m.step, %(credits)s - {PRICE} * c, m.held
      FROM generate_series(1, %(cycles)s) c, generate_series(1, %(purses)s) n,
           LATERAL (SELECT {ID.format("2 * 10^12::bigint + c * 10^6::bigint + n")} AS id,
                           {ID.format("3 * 10^12::bigint + c * 10^6::bigint + n")} AS reference) h,
           LATERAL (SELECT now() - interval '1 day' + c * interval '1 millisecond' AS at) t,
           LATERAL (VALUES (0, 'available', 'held', 'hold', 'hold:' || h.reference, {PRICE}),
                           (1, 'held', 'revenue', 'capture', 'settle:' || h.id, 0)
                   ) m(step, source, target, kind, key, held)
     ORDER BY c, n, m.step
"""


def fill(purses: int, *, cycles: int = 0) -> None:
    """Open purses with one grant each, and let each of them have paid `cycles` orders: 1 + 2 × cycles transfers."""
    platform, _ = Platform.objects.get_or_create(code="bench", defaults={"name": "Bench"})
    values = {"platform": platform.pk, "credits": CREDITS, "purses": purses, "cycles": cycles}
    with connection.cursor() as cursor:
        for statement in (PURSES, GRANTS, HOLDS, MOVES):
            cursor.execute(statement, values)
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
