"""Claim, heartbeat, fence: who works on an attempt, proved by a token that every write carries."""

import datetime
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from generation.life import announcing, batch_ends, events
from generation.models import Account, AccountKey, Attempt, Offer, Share, get_card
from generation.models.account import LOCAL
from generation.spec import GenerationSpec, ModelCard
from generation.states import AttemptState
from genhub.lib.clock import NOW
from genhub.lib.planned import planned_cursor
from genhub.lib.prepared import NO_ID, Prepared

# The share first (one index scan, however many rows wait behind it), then its oldest due row. SKIP LOCKED on both:
# a claim never waits, so it can be part of no deadlock. statement_timestamp() is what Django's Now() means, too.
# Nobody works for a provider that rests, has no room, or is off, as its model may be: a function says so, of few rows
# (migration 0016). Nor for a task whose time is over. Nor for accounts that staff paused, which the gate names; of a
# paused queue it says NULL, which nothing is unlike.
IS_ON = """{attempt}.provider_id <> ALL ((SELECT accounts FROM gate)::bigint[])
    AND generation_takes_orders({attempt}.provider_id, (
    SELECT o.model FROM generation_task o
     WHERE o.id = {attempt}.task_id AND o.deadline_at > statement_timestamp()))"""
NEXT = f"""
    WITH share AS (
        SELECT s.id
          FROM generation_share s
         WHERE s.queue = %(queue)s AND s.waiting > 0 AND (s.cap IS NULL OR s.running < s.cap)
           AND EXISTS (SELECT 1 FROM generation_attempt d
                        WHERE d.share_id = s.id AND d.state = 'queued' AND d.run_at <= statement_timestamp()
                          AND {IS_ON.format(attempt="d")})
         ORDER BY s.priority, s.virtual_start, s.id
         LIMIT 1
           FOR UPDATE OF s SKIP LOCKED
    )
    SELECT a.id
      FROM generation_attempt a
      JOIN share ON share.id = a.share_id
      JOIN generation_task t ON t.id = a.task_id
     WHERE a.state = 'queued' AND a.run_at <= statement_timestamp() AND t.state IN ('pending', 'processing')
       AND {IS_ON.format(attempt="a")}
     ORDER BY a.run_at, a.id
     LIMIT 1
       FOR UPDATE OF a, t SKIP LOCKED
"""  # noqa: S608 (all of it is our own text)
# One statement, since each costs a way to the database; its parts see the rows as they were before it, but for the gate
# (migration 0038), asked under a lock that claims share: who pauses has it alone. A first claim puts a task in time.
TAKE = f"""
    WITH gate AS MATERIALIZED (SELECT generation_closed_accounts(%(queue)s) AS accounts), due AS ({{due}}), taken AS (
        UPDATE generation_attempt a
           SET state = 'running', lease_token = a.lease_token + 1, worker = %(worker)s,
               lease_expires_at = statement_timestamp() + make_interval(secs => %(lease)s),
               started_at = coalesce(a.started_at, statement_timestamp()),
               run_until = coalesce(a.run_until, statement_timestamp() + make_interval(
                   secs => nullif(%(run)s + %(run_each)s * a.cost, 0))),
               needs_sweep = true
          FROM due
         WHERE a.id = due.id
     RETURNING a.id, a.task_id, a.remote_id
    ), put_to_work AS (
        UPDATE generation_task t
           SET state = 'processing', started_at = coalesce(t.started_at, statement_timestamp()),
               deadline_at = CASE
                   WHEN t.started_at IS NULL AND (t.expires_at IS NOT NULL OR t.timeout_seconds IS NOT NULL)
                   THEN least(t.created_at + make_interval(secs => %(deadline)s),
                              statement_timestamp() + make_interval(secs => t.timeout_seconds))
                   ELSE t.deadline_at END
          FROM taken
         WHERE t.id = taken.task_id
    ), told AS ({events.RECORD_CLAIMS})
    SELECT id FROM taken
"""  # noqa: S608 (all of it is our own text)

# A model that is not there yet comes first: the watchdog of the engine guards that, and it is no picture's fault.
LOADING_SECONDS = 600
FindCard = Callable[[int, str], ModelCard]
END: Final = {"ended_at": Now(), "lease_expires_at": None, "preview": None}


class LeaseLost(Exception):
    """The attempt is no longer this worker's: stop, discard, write nothing."""


@dataclass(frozen=True)
class Claim:
    """An attempt that this worker holds while its token is the newest."""

    attempt_id: uuid.UUID
    task_id: uuid.UUID
    token: int
    queue: str
    account: Account
    card: ModelCard
    spec: GenerationSpec
    owner_id: uuid.UUID
    day: datetime.date
    isolated: bool
    # Neither prompt nor picture leaves the house.
    local_only: bool = False
    # The attempt whose picture it goes on with: only that account, with that key, has it.
    follows_id: uuid.UUID | None = None
    # How long it may be drawn here, in seconds; None: no limit.
    run_seconds: float | None = None
    # With which it was sent, once it was.
    key: AccountKey | None = None
    # The vendor's name of the order, once it has one.
    remote_id: str = ""
    # What decides its picture; empty: it is drawn, whatever was drawn before.
    cache_key: str = ""
    # Of a chain: which step it makes, from 1, and whether another one follows; 0: there is none.
    step: int = 0
    has_next: bool = False
    # The trace that its order is part of, and the request that ordered it; empty: none.
    traceparent: str = ""
    request_id: str = ""
    # By this process's clock.
    taken_at: float = field(default_factory=time.monotonic)


def claim_next(queue: str, *, worker: str) -> Claim | None:
    """Take the best due attempt of a queue: priority first, then fair share, then age; None when none is due."""
    try:
        with transaction.atomic():
            taken = take(NEXT, worker, queue=queue)
            claims = list_claims(taken) if taken else []
    except Offer.DoesNotExist:
        # Deleted in this very moment: nothing was taken, and a loop ends the task.
        return None
    return claims[0] if claims else None


def take(due: str, worker: str, *, queue: str, **values: Any) -> list[uuid.UUID]:
    """Make the attempts of a queue that a statement found, and locked with their tasks, this worker's; return them."""
    each = settings.LOCAL_RUN_SECONDS if queue == LOCAL else 0
    values |= {
        "queue": queue,
        "worker": worker,
        "lease": settings.LEASE_SECONDS,
        "deadline": settings.TASK_DEADLINE_SECONDS,
        "run": (each and LOADING_SECONDS) if queue == LOCAL else settings.REMOTE_RUN_SECONDS,
        "run_each": each,
    }
    with planned_cursor() as cursor:
        cursor.execute(TAKE.format(due=due), values)
        return [attempt_id for (attempt_id,) in cursor.fetchall()]


def list_claims(taken: Sequence[uuid.UUID], find_card: FindCard = get_card) -> list[Claim]:
    """Return the claims on taken attempts, in this order, and announce which of their tasks begin."""
    attempts = find_taken(taken)
    # The first claim of an attempt that is the first: its task was not worked on before.
    announcing.announce_start(
        [one.task for one in attempts if (one.number, one.lease_token) == (1, 1)]
    )
    # Last, as everywhere; several in one order, so that no two claims wait for each other.
    batch_ends.lock(sorted({one.task.batch_id for one in attempts if one.task.batch_id}))
    return read_claims(attempts, find_card)


def find_taken(taken: Sequence[uuid.UUID]) -> list[Any]:
    """Return taken attempts in this order, each with all that its claim tells, and the database's `now`."""
    # Nearly always it is one.
    rows: Iterable[Any] = TAKEN.find(*taken) if len(taken) == 1 else read_taken(taken)
    attempts = {one.pk: one for one in rows}
    return [attempts[attempt_id] for attempt_id in taken]


def read_claims(attempts: Sequence[Any], find_card: FindCard) -> list[Claim]:
    """Return the claims on attempts that were just found."""
    find_card_once = cache(find_card)
    return [claim_of(one, find_card_once, seconds_left(one, one.now)) for one in attempts]


def read_taken(taken: Sequence[uuid.UUID]) -> QuerySet[Attempt]:
    """Return attempts with all that a claim tells of them."""
    rows = Attempt.objects.select_related("task", "account", "share", "key").annotate(now=NOW)
    return rows.filter(pk__in=taken)


# Each has the database's `now` beside its columns.
TAKEN: Prepared[Any] = Prepared(lambda attempt_id: read_taken([attempt_id]), NO_ID)


def seconds_left(attempt: Attempt, now: datetime.datetime) -> float | None:
    """Return how long an attempt may be drawn here: as its order says, else as is usual; None: no limit."""
    if attempt.task.timeout_seconds:
        return (attempt.task.deadline_at - now).total_seconds()
    if attempt.share.queue != LOCAL:
        return None
    return float(settings.LOCAL_RUN_SECONDS * attempt.cost) or None


def claim_of(attempt: Attempt, find_card: FindCard, run_seconds: float | None = None) -> Claim:
    """Return the claim on an attempt as its row stands now."""
    card = find_card(attempt.account_id, attempt.task.model)
    return Claim(
        attempt_id=attempt.pk, task_id=attempt.task_id, token=attempt.lease_token, queue=attempt.share.queue,
        account=attempt.account, card=card,
        spec=GenerationSpec.from_json(attempt.task.spec).fitted(card),
        owner_id=attempt.share.platform_id, day=attempt.created_at.date(), isolated=attempt.isolated,
        local_only=attempt.task.local_only,
        follows_id=attempt.task.follows_id,
        run_seconds=run_seconds,
        key=attempt.key,
        remote_id=attempt.remote_id,
        cache_key=attempt.task.cache_key,
        step=attempt.task.step,
        has_next=attempt.task.step < len(attempt.task.chain),
        traceparent=attempt.task.traceparent,
        request_id=attempt.task.request_id,
    )  # fmt: skip


def lease() -> timedelta:
    """Return how long a claim lasts without a heartbeat."""
    return timedelta(seconds=settings.LEASE_SECONDS)


def fenced(claim: Claim) -> QuerySet[Attempt]:
    """Return the attempt's row if it is still this claim's, else no row: the start of every later write."""
    return fence(claim.attempt_id, claim.token)


def fence(attempt_id: uuid.UUID, token: int) -> QuerySet[Attempt]:
    """Return an attempt's row if it is still held by this token, else no row."""
    return Attempt.objects.filter(pk=attempt_id, lease_token=token, state=AttemptState.RUNNING)


def heartbeat(claim: Claim, *, progress: float | None = None, preview: bytes | None = None) -> None:
    """Renew the lease and note the progress (0 to 1) and preview; raise LeaseLost when the attempt is not ours."""
    said = {"progress": progress, "preview": preview}
    values = {name: value for name, value in said.items() if value is not None}
    if not fenced(claim).update(lease_expires_at=Now() + lease(), **values):
        raise LeaseLost


def note_shared(claim: Claim, *, is_shared: bool) -> None:
    """Note whether others are at work in an attempt's process; nothing when it is no longer ours."""
    fenced(claim).update(shared_process=is_shared)


def end_attempt(claim: Claim, state: AttemptState, **values: Any) -> None:
    """End the attempt under its fence; raise LeaseLost when it is no longer ours."""
    leave(claim, state, **END, **values)


def leave(claim: Claim, state: AttemptState, **values: Any) -> None:
    """Put the attempt into another state under its fence; raise LeaseLost when it is no longer ours."""
    if not fenced(claim).update(state=state, **values):
        raise LeaseLost


def count_deaths(task_id: uuid.UUID) -> int:
    """Return how many attempts of a task ended with their worker's death while nothing else was at work in it."""
    dead = Attempt.objects.filter(task_id=task_id, state=AttemptState.ABANDONED)
    return dead.filter(batch_size=1, shared_process=False).count()


def queue_again(
    attempt: Attempt,
    *,
    account: Account | None = None,
    delay_seconds: float = 0,
    isolated: bool = False,
) -> Attempt:
    """Queue the next attempt of a task after this one ended: at the same place of the queue, or after a delay; at the
    same account, or at another one.

    Once an attempt of a task had to run alone, all later ones do.
    """
    return Attempt.objects.create(
        task_id=attempt.task_id,
        number=attempt.number + 1,
        step=attempt.step,
        account_id=account.pk if account else attempt.account_id,
        share=share_in(account.queue, attempt.share) if account else attempt.share,
        cost=attempt.cost,
        isolated=isolated or attempt.isolated,
        run_at=Now() + timedelta(seconds=delay_seconds) if delay_seconds else attempt.run_at,
    )


def share_in(queue: str, share: Share) -> Share:
    """Return the same user's place in a queue, new on first sight."""
    if share.queue == queue:
        return share
    return Share.objects.get_or_create(
        queue=queue, priority=share.priority, platform_id=share.platform_id, user=share.user
    )[0]
