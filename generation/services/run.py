"""A worker's part: claim, draw, finish. No transaction is open while the provider works."""

from generation import claims
from generation.claims import Claim
from generation.services.batches import draw, gather, worker_name
from generation.services.finishing import Ended, Finisher
from generation.services.heart import draining

# A job that ran this many batches ends, so that Flower shows it; the bell rings again for the rest.
MOST_BATCHES_A_JOB = 8
# Claims of one user's rows meet on their share, and all but one go away empty-handed: look again, a moment later.
MOST_LOOKS = 200
LOOK_AGAIN_SECONDS = 0.005


def run_queue(queue: str) -> list[Ended]:
    """Work on a queue until it is empty, the job is full or the worker drains; return each task and how it ended."""
    with Finisher() as finisher:
        for _ in range(MOST_BATCHES_A_JOB):
            claim = None if draining.is_set() else claim_patiently(queue)
            if claim is None:
                break
            run_batch(claim, finisher)
    return finisher.ended


def run_batch(claim: Claim, finisher: Finisher) -> None:
    """Draw a claim with its companions and hand the batch to the finisher."""
    batch = gather(claim, is_patient=finisher.is_idle())
    batch.heart.start()
    try:
        if not batch.may_overlap:
            # What runs alone is alone in its process: were it to die, nobody else's attempt would die with it.
            finisher.settle()
        finisher.take(draw(batch))
    except BaseException:
        # Nobody will finish it: its leases must run out.
        batch.heart.stop()
        raise


def claim_patiently(queue: str) -> Claim | None:
    """Claim the best due attempt of a queue; None when none is due, or none may run now."""
    for _ in range(MOST_LOOKS):
        claim = claims.claim_next(queue, worker=worker_name())
        if claim or not claims.is_due(queue) or draining.wait(LOOK_AGAIN_SECONDS):
            return claim
    return None
