"""A worker's part: claim, have it made, store it. No transaction is open while the provider works."""

import time
from collections.abc import Callable
from concurrent.futures import Future

from generation.life import claims, doorbell, dues, waiting
from generation.life.claims import Claim
from generation.work import lost, poll
from generation.work.batch import Batch, BatchOutcome, gather, make, worker_name
from generation.work.cached import list_undrawn
from generation.work.process import draining, occupancy, readiness
from generation.work.storing import Ended, finisher
from genhub.lib.connections import release_connection

# A job that has lasted so long ends, so that Flower shows it; the bell rings again for the rest. Seldom, since the next
# job begins only when its last batch is stored.
LONGEST_JOB_SECONDS = 60
# Claims of one user's rows meet on their share, and all but one go away empty-handed: look again, a moment later.
MOST_LOOKS = 200
LOOK_AGAIN_SECONDS = 0.005


def run_queue(queue: str) -> list[Ended]:
    """Work on a queue until it is empty, time is up or the worker drains; return each task and how it ended."""
    ends_at = time.monotonic() + LONGEST_JOB_SECONDS
    futures: list[Future[list[Ended]]] = []
    while time.monotonic() < ends_at:
        # Asked before: what is stored while this looks in vain may have made room.
        was_busy = bool(finisher.list_unfinished())
        found = take_next(queue)
        if found is None and was_busy:
            # It may be all that its user may have at work: the next one of theirs is due once it has ended.
            finisher.wait()
            found = take_next(queue)
        if found is None:
            break
        futures.append(run_batch(*found))
    else:
        doorbell.ring(queue)
    finisher.wait()
    return [ended for future in futures for ended in future.result()]


def take_next(queue: str) -> tuple[Batch, Callable[[Batch], BatchOutcome]] | None:
    """Claim what is due in a queue, and how to go on with it: what is paid for already comes first."""
    if draining.is_set() or readiness.unready:
        return None
    if queue in waiting.list_due_queues():
        poll.tell_cancels(queue)
        lost.look_for_one(queue)
        if batch := poll.claim_poll(queue):
            return batch, poll.ask
    while (claim := claim_patiently(queue)) and not list_undrawn([claim]):
        # Found, or it waits for who draws the same.
        release_connection()
    if claim:
        return gather(claim, is_patient=not finisher.list_unfinished()), make
    return None


def run_batch(batch: Batch, act: Callable[[Batch], BatchOutcome]) -> Future[list[Ended]]:
    """Have a claimed batch made or asked for, and hand it to the finisher."""
    batch.pulse.start()
    try:
        occupancy.enter(batch.occupant)
        return finisher.take(act(batch))
    except BaseException:
        # Nobody will finish it: its leases must run out.
        batch.pulse.stop()
        occupancy.leave(batch.occupant)
        raise


def claim_patiently(queue: str) -> Claim | None:
    """Claim the best due attempt of a queue; None when none is due or may run now, or this process takes no orders."""
    if draining.is_set() or readiness.unready:
        return None
    for _ in range(MOST_LOOKS):
        claim = claims.claim_next(queue, worker=worker_name())
        if claim or not dues.is_due(queue) or draining.wait(LOOK_AGAIN_SECONDS):
            return claim
    return None
