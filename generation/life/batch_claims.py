"""Batches: what a worker may make together with an attempt that it holds."""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from generation.life.claims import Claim, fenced, list_claims, take
from generation.models import Attempt, Share
from generation.spec import GenerationSpec

CHOSEN = """
    SELECT a.id
      FROM generation_attempt a
      JOIN generation_task t ON t.id = a.task_id
     WHERE a.id = ANY (%(chosen)s) AND a.state = 'queued' AND t.state IN ('pending', 'processing')
       AND t.deadline_at > statement_timestamp()
       AND a.provider_id <> ALL ((SELECT accounts FROM gate)::bigint[])
       FOR UPDATE OF a, t SKIP LOCKED
"""
# What a batch may take as well, in the order in which claims would serve it: `start` is the virtual start that its
# share will have when it is its turn. Of a share no more than may run now (`room`; least() skips NULL). Reads a bounded
# number of shares, of the first due rows of each, and of tasks.
CANDIDATES = """
    WITH share AS (
        SELECT s.id, s.priority, s.virtual_start, s.cap - s.running AS room
          FROM generation_share s
         WHERE s.queue = %(queue)s AND s.waiting > 0 AND (s.cap IS NULL OR s.running < s.cap)
         ORDER BY s.priority, s.virtual_start, s.id
         LIMIT %(shares)s
    ), due AS (
        SELECT a.*, share.priority,
               share.virtual_start - a.cost
                   + sum(a.cost) OVER (PARTITION BY share.id ORDER BY a.run_at, a.id) AS start
          FROM share
         CROSS JOIN LATERAL (
               SELECT d.id, d.task_id, d.share_id, d.provider_id, d.is_alone, d.cost, d.run_at
                 FROM generation_attempt d
                WHERE d.share_id = share.id AND d.state = 'queued' AND d.run_at <= statement_timestamp()
                ORDER BY d.run_at, d.id
                LIMIT least(%(rows)s, share.room)
               ) a
         ORDER BY priority, start, share_id, run_at, id
         LIMIT %(most)s
    )
    SELECT due.id, due.share_id, t.spec
      FROM due
      JOIN generation_task t ON t.id = due.task_id
     WHERE due.provider_id = %(provider)s AND NOT due.is_alone AND t.model = %(model)s
       AND t.state IN ('pending', 'processing') AND t.deadline_at > statement_timestamp()
     ORDER BY due.priority, due.start, due.share_id, due.run_at, due.id
"""
MOST_SHARES_SEEN, MOST_ROWS_SEEN, MOST_CANDIDATES = 16, 32, 64


@dataclass(frozen=True)
class Candidate:
    """A due attempt that a batch may take as well."""

    attempt_id: uuid.UUID
    share_id: int
    spec: GenerationSpec


def find_candidates(
    first: Claim, fits: Callable[[GenerationSpec], bool], most_pictures: int
) -> list[Candidate]:
    """Return due attempts of a claimed one's queue, provider and model that may be made with it as one batch.

    `fits` decides by the spec; they hold up to `most_pictures` pictures, in the order in which claims would serve
    them. Nothing is locked: others may take them first.
    """
    chosen = []
    for candidate in read_candidates(first):
        pictures = candidate.spec.number
        if pictures <= most_pictures and fits(candidate.spec):
            chosen.append(candidate)
            most_pictures -= pictures
    return chosen


def claim_candidates(first: Claim, chosen: Sequence[Candidate], *, worker: str) -> list[Claim]:
    """Claim those of the chosen that nobody else has locked or taken, and make one batch of them and the first.

    Empty when there are none, or when the first claim was lost meanwhile.
    """
    with transaction.atomic():
        # No lock is ever waited for, so that this can be part of no deadlock.
        if not list(fenced(first).select_for_update(skip_locked=True).values_list("pk")):
            return []
        taken = take(CHOSEN, worker, queue=first.queue, chosen=within_caps(chosen))
        order = [candidate.attempt_id for candidate in chosen if candidate.attempt_id in taken]
        if order:
            members = [first.attempt_id, *order]
            Attempt.objects.filter(pk__in=members).update(batch_size=len(members))
        return list_claims(order)


def read_candidates(first: Claim) -> list[Candidate]:
    """Return the best due attempts of a claimed one's queue, provider and model, best first."""
    values: dict[str, Any] = {
        "queue": first.queue,
        "provider": first.account.pk,
        "model": first.spec.model,
        "shares": MOST_SHARES_SEEN,
        "rows": MOST_ROWS_SEEN,
        "most": MOST_CANDIDATES,
    }
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, values)
        return [
            Candidate(attempt_id, share_id, GenerationSpec.from_json(json.loads(spec)))
            for attempt_id, share_id, spec in cursor.fetchall()
        ]


def within_caps(chosen: Sequence[Candidate]) -> list[uuid.UUID]:
    """Lock the shares that nobody else has locked, and return the attempts that theirs let run now."""
    shares = Share.objects.select_for_update(skip_locked=True)
    wanted = {candidate.share_id for candidate in chosen}
    room = {
        share.pk: len(chosen) if share.cap is None else share.cap - share.running
        for share in shares.filter(pk__in=wanted)
    }
    allowed = []
    for candidate in chosen:
        if room.get(candidate.share_id, 0) > 0:
            room[candidate.share_id] -= 1
            allowed.append(candidate.attempt_id)
    return allowed
