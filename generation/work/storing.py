"""Finishing: what was drawn is decoded, encoded, stored and published, while the next batch is being drawn."""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError

from generation.life import attempt_ends
from generation.life.attempt_ends import Delivery
from generation.life.claims import Claim, LeaseLost
from generation.providers.base import Finished, Outcome, Output, Provider, Refusal
from generation.providers.errors import GivenBack, ProviderError, Stopped
from generation.providers.registry import get_adapter
from generation.work import leftovers
from generation.work.batch import Batch, Drawn
from generation.work.heart import Heart, draining, release_connection
from storage.content import OutputRefused, StoredFile
from storage.outputs import save_output

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
# A task, and how it ended: its state, `handed_back`, `stopped` or `unwritten`.
Ended = dict[str, str]

# One batch is being finished, one waits: what is drawn faster than it is stored must not fill the memory.
MOST_PENDING = 2
# A database that is away at the end of the work: the picture is kept as long as the lease may live.
FINISH_AGAIN_SECONDS = 1.0
AWAY = (OperationalError, InterfaceError)


class Finisher:
    """Finishes batches one after the other in a thread of its own; leaving it waits for all of them."""

    def __init__(self) -> None:
        self.ended: list[Ended] = []
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._pending: deque[tuple[Batch, Future[list[Ended]]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until everything is finished."""
        self.settle()
        self._executor.shutdown()

    def list_unfinished(self) -> list[Batch]:
        """Return what is being finished, or waits for that."""
        return [batch for batch, ended in self._pending if not ended.done()]

    def take(self, drawn: Drawn) -> None:
        """Finish a batch: beside the next drawing if it may overlap, else now."""
        if drawn.batch.may_overlap:
            self._pending.append((drawn.batch, self._executor.submit(finish_batch, drawn)))
            self.settle(MOST_PENDING)
        else:
            self.settle()
            self.ended += finish_batch(drawn)

    def settle(self, most_pending: int = 0) -> None:
        """Wait until no more than so many batches are unfinished."""
        if len(self._pending) > most_pending:
            # That may take minutes: the connection goes back to the pool, where finisher and heart need one.
            release_connection()
        while len(self._pending) > most_pending:
            _, ended = self._pending.popleft()
            self.ended += ended.result()


def finish_batch(drawn: Drawn) -> list[Ended]:
    """Finish each member of a batch; what goes wrong with one is its own affair."""
    ended = []
    heart = drawn.batch.heart
    for claim, outcome in zip(drawn.batch.members, drawn.outcomes, strict=True):
        try:
            how = finish_member(claim, outcome, heart)
        except (LeaseLost, Stopped):
            logger.info("attempt %s is no longer wanted here: discarded", claim.attempt_id)
            how = "stopped"
        except Exception:
            # Its lease runs out, and another worker makes it.
            logger.exception("the end of attempt %s is not written", claim.attempt_id)
            how = "unwritten"
        finally:
            heart.leave(claim)
            release_connection()
        if how not in {"completed", "unwritten"} and isinstance(outcome, Finished):
            leftovers.clear(claim, [output.position for output in outcome.outputs])
        ended.append({"task": f"task_{claim.task_id.hex}", "ended": how})
    return ended


def finish_member(claim: Claim, outcome: Outcome, heart: Heart) -> str:
    """Store and publish what was drawn for one attempt, or write why not; return how it ended."""
    try:
        delivery = deliver(claim, outcome, heart)
        persist(partial(attempt_ends.complete, claim, delivery), claim)
    except ProviderError as error:
        logger.warning("attempt %s failed: %r", claim.attempt_id, error)
        return persist(partial(attempt_ends.fail, claim, error), claim)
    except GivenBack:
        logger.info("attempt %s is given back: the worker stops", claim.attempt_id)
        persist(partial(attempt_ends.hand_back, claim), claim)
        return "handed_back"
    except (LeaseLost, Stopped, *AWAY):
        raise
    except Exception as error:
        # To draw it again would cost the provider again and end alike: the task fails, staff find the trace.
        logger.exception("attempt %s broke", claim.attempt_id)
        broken = ProviderError(f"unexpected: {error!r}")
        return persist(partial(attempt_ends.fail, claim, broken), claim)
    return "completed"


def deliver(claim: Claim, outcome: Outcome, heart: Heart) -> Delivery:
    """Decode and store what was drawn for an attempt; raise what became of it when that is no picture."""
    if isinstance(outcome, Exception):
        raise outcome
    return store(claim, outcome, get_adapter(claim.adapter), partial(heart.check, claim))


def store(
    claim: Claim, finished: Finished, adapter: Provider, check: Callable[[], None]
) -> Delivery:
    """Store each output; one that cannot be had or stored is refused, and only if none can be does it raise."""
    seconds = {"decode": 0.0, "encode_store": 0.0}
    pictures, refusals = [], list(finished.refusals)
    failure = ProviderError("the provider made no picture")
    for output in finished.outputs:
        # Before each picture: one that nobody wants any more costs nothing more.
        check()
        try:
            stored = store_output(output, claim, adapter, seconds)
        except ProviderError as error:
            logger.warning("picture %s of %s: %s", output.position, claim.task_id, error)
            refusals.append(Refusal(output.position, output.seed, error.code, error.params))
            failure = error
        else:
            pictures.append((output.position, output.seed, stored))
    if not pictures:
        raise failure
    timings = {**finished.timings, **{stage: round(took, 4) for stage, took in seconds.items()}}
    return Delivery(pictures, refusals, timings, finished.facts)


def store_output(
    output: Output, claim: Claim, adapter: Provider, seconds: dict[str, float]
) -> StoredFile:
    """Decode and store one picture, adding to the seconds by stage; raise ProviderError when it cannot be."""
    started = time.perf_counter()
    try:
        image = output.decode()
    except ProviderError:
        raise
    except Exception as error:
        logger.exception("picture %s not decoded", output.position)
        raise ProviderError(f"not decoded: {error!r}") from error
    finally:
        decoded = time.perf_counter()
        seconds["decode"] += decoded - started
    try:
        with adapter.watched("store"):
            return save_output(
                image,
                day=claim.day,
                owner=claim.owner_id,
                attempt=claim.attempt_id,
                position=output.position,
            )
    except OutputRefused as refused:
        raise explain(refused) from refused
    except Exception as error:
        # Each store raises its own; the money decides what it means.
        message = f"not stored: {error!r}"
        raise ProviderError(message, code="store_failed", retryable=True) from error
    finally:
        seconds["encode_store"] += time.perf_counter() - decoded


def explain(refused: OutputRefused) -> Exception:
    """Return what it means that a vendor's file is not taken: what its stream raised in our own words still holds."""
    if isinstance(refused.__cause__, (ProviderError, Stopped)):
        return refused.__cause__
    # To have it made again would cost again and end alike.
    return ProviderError(f"not taken: {refused!r}", code=refused.code, params=refused.params)


def persist(write: Callable[[], Result], claim: Claim) -> Result:
    """Run the transaction that ends an attempt, again while the database is away for as long as the lease may live.

    A COMMIT in doubt is safe to run again: what was done before makes it raise LeaseLost, which changes nothing.
    """
    patience = time.monotonic() + settings.LEASE_SECONDS
    while True:
        try:
            return write()
        except AWAY as error:
            logger.warning("end of %s not written: %s", claim.attempt_id, error)
            release_connection()
            if time.monotonic() > patience or draining.wait(FINISH_AGAIN_SECONDS):
                raise
