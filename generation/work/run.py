"""A worker's part: claim, draw, finish. No transaction is open while the provider works."""

import logging
import time
from collections.abc import Sequence

from django.db import Error

from generation.life import claims, doorbell
from generation.life.claims import Claim
from generation.work.batch import Batch, draw, gather, worker_name
from generation.work.heart import draining, release_connection
from generation.work.presence import readiness
from generation.work.storing import Ended, Finisher

logger = logging.getLogger(__name__)

# A job that has lasted so long ends, so that Flower shows it; the bell rings again for the rest. Seldom, since the next
# job begins only when its last batch is stored.
LONGEST_JOB_SECONDS = 60
# Claims of one user's rows meet on their share, and all but one go away empty-handed: look again, a moment later.
MOST_LOOKS = 200
LOOK_AGAIN_SECONDS = 0.005


def run_queue(queue: str) -> list[Ended]:
    """Work on a queue until it is empty, time is up or the worker drains; return each task and how it ended."""
    ends_at = time.monotonic() + LONGEST_JOB_SECONDS
    with Finisher() as finisher:
        while time.monotonic() < ends_at:
            claim = claim_patiently(queue)
            if claim is None and finisher.list_unfinished():
                # It may be all that its user may have at work: the next one of theirs is due once it has ended.
                finisher.settle()
                claim = claim_patiently(queue)
            if claim is None:
                break
            run_batch(claim, finisher)
        else:
            doorbell.ring(queue)
    return finisher.ended


def run_batch(claim: Claim, finisher: Finisher) -> None:
    """Draw a claim with its companions and hand the batch to the finisher."""
    batch = gather(claim, is_patient=not finisher.list_unfinished())
    batch.heart.start()
    try:
        if others := finisher.list_unfinished():
            keep_company(batch, others, finisher)
        finisher.take(draw(batch))
    except BaseException:
        # Nobody will finish it: its leases must run out.
        batch.heart.stop()
        raise


def keep_company(batch: Batch, others: Sequence[Batch], finisher: Finisher) -> None:
    """Let a batch begin beside others that are not finished; what may not waits for their end."""
    note_company(batch)
    if batch.may_overlap:
        for other in others:
            note_company(other)
    else:
        # What runs alone is alone in its process: were it to die, nobody else's attempt would die with it.
        finisher.settle()
        note_company(batch, has_company=False)


def note_company(batch: Batch, *, has_company: bool = True) -> None:
    """Write whether others are at work beside a batch, so that a death of their process counts for nobody."""
    if batch.has_company == has_company:
        return
    try:
        claims.note_company(batch.members[0], has_company=has_company)
    except Error as error:
        # A death that is counted wrongly is better than a batch that is not made.
        logger.warning("company of %s not noted: %s", batch.members[0].attempt_id, error)
        release_connection()
    else:
        batch.has_company = has_company


def claim_patiently(queue: str) -> Claim | None:
    """Claim the best due attempt of a queue; None when none is due or may run now, or this process takes no orders."""
    if draining.is_set() or readiness.unready:
        return None
    for _ in range(MOST_LOOKS):
        claim = claims.claim_next(queue, worker=worker_name())
        if claim or not claims.is_due(queue) or draining.wait(LOOK_AGAIN_SECONDS):
            return claim
    return None
