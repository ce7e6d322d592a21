"""Polls: what is due to be asked for is claimed together, and what its vendor still works on is written together.

A claim of a poll is fenced like any other. It moves the attempt alone: its task is at work already, and no event tells
of it.
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from generation.accounts import standing
from generation.life import claims, waiting
from generation.life.claims import Claim
from generation.models import find_card
from generation.providers.base import Waiting
from genhub.lib.planned import planned_cursor

# Orders of one account that one claim takes, and one statement writes: of more, no single one costs less.
MOST_AT_ONCE = 200

# The order that has waited longest, and what else of its account is due. An account that may be asked only so often is
# asked for one order at a time, and what killed its worker has the process for itself. Nobody is waited for.
CLAIM = """
    WITH first AS MATERIALIZED (
        SELECT a.id, a.provider_id, a.is_alone OR p.polls_per_minute IS NOT NULL AS is_single
          FROM generation_attempt a
          JOIN generation_share s ON s.id = a.share_id AND s.queue = %(queue)s
          JOIN generation_task t ON t.id = a.task_id
          JOIN generation_provider p ON p.id = a.provider_id
                                    AND coalesce(p.next_poll_at, '-infinity') <= statement_timestamp()
         WHERE a.state = 'waiting' AND a.run_at <= statement_timestamp() - make_interval(secs => %(age)s)
           AND t.state = 'processing' AND a.provider_id <> ALL (%(spared)s::bigint[])
         ORDER BY a.run_at, a.id
         LIMIT 1
           FOR UPDATE OF a, t SKIP LOCKED
    ), others AS MATERIALIZED (
        SELECT a.id
          FROM first
          JOIN generation_attempt a ON a.provider_id = first.provider_id AND a.id <> first.id
          JOIN generation_share s ON s.id = a.share_id AND s.queue = %(queue)s
          JOIN generation_task t ON t.id = a.task_id
         WHERE a.state = 'waiting' AND a.run_at <= statement_timestamp() - make_interval(secs => %(age)s)
           AND t.state = 'processing' AND NOT first.is_single AND NOT a.is_alone
         ORDER BY a.run_at, a.id
         LIMIT %(others)s
           FOR UPDATE OF a, t SKIP LOCKED
    )
    UPDATE generation_attempt a
       SET state = 'running', lease_token = a.lease_token + 1, worker = %(worker)s,
           lease_expires_at = statement_timestamp() + make_interval(secs => %(lease)s),
           run_until = coalesce(a.run_until, statement_timestamp() + make_interval(secs => nullif(%(run)s, 0))),
           needs_sweep = true
      FROM (SELECT id FROM first UNION ALL SELECT id FROM others) due
     WHERE a.id = due.id
 RETURNING a.id
"""
# Whoever survived being asked for killed nobody, and is isolated no more.
LEAVE = """
    WITH told AS (
        SELECT * FROM unnest(%(ids)s::uuid[], %(tokens)s::bigint[], %(pauses)s::float8[], %(progress)s::float8[])
                   AS told(id, token, pause, progress)
    ), held AS MATERIALIZED (
        SELECT a.id, told.pause, told.progress
          FROM told
          JOIN generation_attempt a ON a.id = told.id AND a.lease_token = told.token AND a.state = 'running'
           FOR UPDATE OF a SKIP LOCKED
    )
    UPDATE generation_attempt a
       SET state = 'waiting', run_at = statement_timestamp() + make_interval(secs => held.pause),
           lease_expires_at = NULL, progress = coalesce(held.progress, a.progress), is_alone = false
      FROM held
     WHERE a.id = held.id
 RETURNING a.id
"""


def claim_due(
    queue: str, *, worker: str, age_seconds: float = 0.0, spared: Collection[int] = ()
) -> list[Claim]:
    """Take orders of one account, of none that is spared, that have been due to be asked for so long: the one that is
    due longest and others; none when none is due.

    Whoever switched the account off did not mean what is paid for already; one that was asked just now has to wait.
    """
    values: dict[str, Any] = {
        "queue": queue,
        "worker": worker,
        "lease": settings.LEASE_SECONDS,
        "run": settings.REMOTE_RUN_SECONDS,
        "age": age_seconds,
        "spared": list(spared),
        "others": MOST_AT_ONCE - 1,
    }
    with transaction.atomic():
        with planned_cursor() as cursor:
            cursor.execute(CLAIM, values)
            taken = [attempt_id for (attempt_id,) in cursor.fetchall()]
        found = claims.read_claims(claims.find_taken(taken), find_card)
        if found and not standing.may_ask(found[0].account):
            transaction.set_rollback(True)
            return []
    return found


def leave_waiting(told: Sequence[tuple[Claim, Waiting]]) -> set[UUID]:
    """Leave orders to their vendors, who still work on them, and return which attempts those are. Those that are
    somebody else's, or locked, stay as they are."""
    values: dict[str, Any] = {
        "ids": [claim.attempt_id for claim, _ in told],
        "tokens": [claim.token for claim, _ in told],
        "pauses": [waiting.pause_of(claim.token, said.poll_after_seconds) for claim, said in told],
        "progress": [waiting.progress_of(said) for _, said in told],
    }
    with planned_cursor() as cursor:
        cursor.execute(LEAVE, values)
        return {attempt_id for (attempt_id,) in cursor.fetchall()}
