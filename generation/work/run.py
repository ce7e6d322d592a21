"""A worker's part: claim, have it made, store it. No transaction is open while the provider works."""

import time
from collections.abc import Callable
from concurrent.futures import Future

from generation.life import claims, doorbell, dues, waiting
from generation.life.claims import Claim
from generation.work import lost, poll, traces, training
from generation.work.batch import Batch, BatchOutcome, gather, make, worker_name
from generation.work.cached import list_undrawn
from generation.work.finisher import finisher
from generation.work.process import draining, occupancy, readiness
from generation.work.storing import Ended
from genhub.lib import tracing
from genhub.lib.connections import release_connection

# A job that has lasted so long ends, so that Flower shows it; the bell rings again for the rest. Seldom, since the next
# job begins only when its last batch is stored.
LONGEST_JOB_SECONDS = 60
# Claims of one user's rows meet on their share, and all but one go away empty-handed: look again, a moment later.
MOST_LOOKS = 200
LOOK_AGAIN_SECONDS = 0.005
# So long what is to be asked for gathers, once there is any.
ROUND_SECONDS = 0.5

# Attempts that were claimed, and how to go on with them.
Work = tuple[Batch, Callable[[Batch], BatchOutcome]]


def run_queue(queue: str) -> list[Ended]:
    """Work on a queue until it is empty, time is up or the worker drains; return each task and how it ended.

    Where nothing is to be drawn, a LoRA is trained until something is.
    """
    job = Job(queue)
    ends_at = time.monotonic() + LONGEST_JOB_SECONDS
    futures: list[Future[list[Ended]]] = []
    while time.monotonic() < ends_at:
        # Asked before: what is stored while this looks in vain may have made room.
        was_busy = bool(finisher.list_unfinished())
        found = job.take_next()
        if found is None and was_busy:
            # It may be all that its user may have at work: the next one of theirs is due once it has ended.
            finisher.wait()
            found = job.take_next()
        if found:
            futures.append(run_batch(*found))
        elif not training.go_on(queue, ends_at):
            break
    else:
        doorbell.ring(queue)
    finisher.wait()
    return [ended for future in futures for ended in future.result()]


class Job:
    """What a bell sets to work on a queue. What is paid for already comes first, but between two batches of polls an
    order is taken, so that thousands that wait keep nobody out."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.has_just_asked = False
        # Since when those are asked for that were due then, by this process's clock; None: nothing was due of late.
        self.round_at: float | None = None

    def take_next(self) -> Work | None:
        """Claim what is due, and how to go on with it."""
        if draining.is_set() or readiness.unready:
            return None
        ways = [self.take_polls, self.take_order]
        if self.has_just_asked:
            ways.reverse()
        self.has_just_asked = False
        return ways[0]() or ways[1]()

    def take_polls(self) -> Work | None:
        """Claim what is to be asked for at a vendor, having told vendors of cancels and looked for a lost order.

        What becomes due while others are asked for gathers for a moment: a claim of one costs as much as one of many.
        """
        now = time.monotonic()
        if self.round_at is None or now - self.round_at >= ROUND_SECONDS:
            self.round_at = now
        age_seconds = now - self.round_at
        if self.queue in waiting.list_due_queues():
            poll.tell_cancels(self.queue)
            lost.look_for_one(self.queue)
            if batch := poll.claim_polls(self.queue, age_seconds):
                self.has_just_asked = True
                return batch, poll.ask
        if age_seconds == 0:
            self.round_at = None
        return None

    def take_order(self) -> Work | None:
        """Claim the best order, with what is made together with it."""
        began = tracing.moment()
        while (claim := claim_patiently(self.queue)) and not list_undrawn([claim]):
            # Found, or it waits for who draws the same.
            release_connection()
            began = tracing.moment()
        if claim:
            batch = gather(claim, is_patient=not finisher.list_unfinished())
            traces.tell_claims(batch.members, began, worker_name())
            return batch, make
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
