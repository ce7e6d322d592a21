"""Orders in doubt whose pictures a person brings: taken over like a worker's claim, delivered and paid like any other.

While somebody stores the pictures nobody else can decide, and a process that dies over it leaves the doubt as it was:
the loop that looks for dead workers finds it.
"""

import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from generation.errors import NotInDoubt
from generation.life import chains, claims, events, waiting
from generation.life.claims import Claim, LeaseLost
from generation.life.outputs import Stored
from generation.models import Attempt, Event, find_card
from generation.states import AttemptState

# Nobody's heart beats for it; to store a few pictures takes seconds.
LEASE = timedelta(minutes=5)


@transaction.atomic
def take_over(attempt_id: uuid.UUID, *, by: str) -> Claim:
    """Take an order in doubt to bring its pictures; raise NotInDoubt."""
    waiting.lock_unknown(attempt_id)
    Attempt.objects.filter(pk=attempt_id).update(
        state=AttemptState.RUNNING,
        lease_token=F("lease_token") + 1,
        lease_expires_at=Now() + LEASE,
        worker=by[:200],
    )
    rows = Attempt.objects.select_related("task", "account", "share", "key")
    # Nobody knows whether what a person brings is what the words would draw again.
    return replace(claims.claim_of(rows.get(pk=attempt_id), find_card), cache_key="")


@transaction.atomic
def put_down(claim: Claim) -> None:
    """Leave an order in doubt as it was; nothing happens when it is that already, or has ended."""
    with suppress(LeaseLost):
        claims.leave(claim, AttemptState.UNKNOWN, lease_expires_at=None)


@transaction.atomic
def deliver(claim: Claim, stored: Stored, *, by: str, reason: str) -> None:
    """Publish what a person brought, and capture its price; raise NotInDoubt when the task ended meanwhile."""
    events.record(
        claim.task_id,
        Event.Kind.FOUND,
        attempt_id=claim.attempt_id,
        count=len(stored.outputs),
        by=f"{by}: {reason}",
    )
    try:
        chains.finish(claim, stored)
    except LeaseLost as error:
        raise NotInDoubt from error
