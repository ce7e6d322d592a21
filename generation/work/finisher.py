"""Batches that came back: each member is stored, or what else became of it is written; what is drawn while the next one
is being drawn, what was asked for beside each other."""

import logging
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache, partial

from generation.life import polls
from generation.life.claims import Claim
from generation.providers.base import Outcome, Waiting
from generation.work.batch import Batch, BatchOutcome
from generation.work.heart import Pulse
from generation.work.process import draining, occupancy, readiness
from generation.work.storing import Ended, finish_safely, named
from genhub.lib.connections import release_connection

logger = logging.getLogger(__name__)

# One batch is being stored, one waits: what is drawn faster than it is stored must not fill the memory.
MOST_PENDING = 2


class Finisher:
    """Stores batches of this process one after the other, in a thread of its own, while the next one is drawn."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._futures: list[Future[list[Ended]]] = []
        self._taking = threading.Lock()

    def list_unfinished(self) -> list[Future[list[Ended]]]:
        """Return what is being stored, and what waits for that."""
        return [future for future in self._futures if not future.done()]

    def take(self, made: BatchOutcome) -> Future[list[Ended]]:
        """Store a batch: beside the next drawing if it may overlap, else now; return how its members will end."""
        if not made.batch.overlaps:
            now: Future[list[Ended]] = Future()
            now.set_result(finish_batch(made))
            return now
        with self._taking:
            future = self._executor.submit(finish_batch, made)
            self._futures = [*self.list_unfinished(), future]
        self.wait(MOST_PENDING)
        return future

    def wait(self, most_pending: int = 0) -> None:
        """Wait until no more than so many batches are unfinished."""
        if len(self.list_unfinished()) > most_pending:
            # That may take minutes: the connection goes back to the pool, where finisher and heart need one.
            release_connection()
        while len(unfinished := self.list_unfinished()) > most_pending:
            wait(unfinished, return_when=FIRST_COMPLETED)


finisher = Finisher()


def finish_batch(made: BatchOutcome) -> list[Ended]:
    """Finish each member of a batch; what goes wrong with one is its own affair."""
    batch = made.batch
    try:
        members = list(zip(batch.members, made.outcomes, strict=True))
        left = leave_waiting(members, batch.pulse)
        rest = [member for member in members if member[0].attempt_id not in left]
        finish = partial(finish_member_of, batch)
        is_side_by_side = len(rest) > 1 and not batch.overlaps
        ended = list(helpers().map(finish, rest)) if is_side_by_side else list(map(finish, rest))
        return [
            *(named(claim, "waiting") for claim, _ in members if claim.attempt_id in left),
            *ended,
        ]
    finally:
        occupancy.leave(batch.occupant)


@cache
def helpers() -> ThreadPoolExecutor:
    """Return who stores beside each other what was asked for together: no more at a time than orders are asked for."""
    return ThreadPoolExecutor(max(readiness.threads, 2), thread_name_prefix="store")


def leave_waiting(members: Sequence[tuple[Claim, Outcome]], pulse: Pulse) -> set[uuid.UUID]:
    """Leave those to their vendors who still work on them, all at once, and return which attempts those are."""
    told = [(claim, outcome) for claim, outcome in members if isinstance(outcome, Waiting)]
    if not told:
        return set()
    # No heartbeat locks the same rows in another order.
    pulse.leave(*(claim for claim, _ in told))
    try:
        return polls.leave_waiting(told)
    except Exception:
        # Each for itself is written more patiently.
        logger.exception("not left to their vendors together: %s orders", len(told))
        return set()
    finally:
        release_connection()


def finish_member_of(batch: Batch, member: tuple[Claim, Outcome]) -> Ended:
    """Finish one member of a batch; of several that are asked for none is begun while the worker stops: the next one
    asks for it again."""
    claim, outcome = member
    if draining.is_set() and claim.remote_id and len(batch.members) > 1:
        outcome = Waiting(poll_after_seconds=0.0)
    return finish_safely(claim, outcome, batch.pulse)
