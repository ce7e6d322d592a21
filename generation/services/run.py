"""A worker's part: claim, make, store, finish. No transaction is open while the provider works."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from os import getpid
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError

from generation import claims
from generation.claims import Claim, LeaseLost
from generation.providers.base import Finished, Refusal, Report
from generation.providers.errors import GivenBack, ProviderError, Stopped
from generation.providers.registry import get_adapter
from generation.services import finish
from generation.services.finish import Delivery
from generation.services.heart import Heart, draining, release_connection
from generation.spec import ModelCard
from storage.keys import output_key
from storage.services import StoredPicture, save_picture

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

# A job that ran this many tasks ends, so that Flower shows it; the bell rings again for the rest.
MOST_TASKS_A_JOB = 8
# Claims of one user's rows meet on their share, and all but one go away empty-handed: look again, a moment later.
MOST_LOOKS = 50
LOOK_AGAIN_SECONDS = 0.02
# A database that is away at the end of the work: the picture is kept as long as the lease may live.
FINISH_AGAIN_SECONDS = 1.0
AWAY = (OperationalError, InterfaceError)


def run_queue(queue: str) -> list[dict[str, str]]:
    """Work on a queue until it is empty, the job is full or the worker drains; return each task and how it ended."""
    ended: list[dict[str, str]] = []
    while len(ended) < MOST_TASKS_A_JOB and not draining.is_set():
        claim = claim_patiently(queue)
        if claim is None:
            break
        ended.append({"task": f"task_{claim.task_id.hex}", "ended": run_claim(claim)})
    return ended


def claim_patiently(queue: str) -> Claim | None:
    """Claim the best due attempt of a queue; None when none is due, or none may run now."""
    for _ in range(MOST_LOOKS):
        claim = claims.claim_next(queue, worker=worker_name())
        if claim or not claims.is_due(queue) or draining.wait(LOOK_AGAIN_SECONDS):
            return claim
    return None


def run_claim(claim: Claim) -> str:
    """Make, store and finish one attempt; return how it ended (the task's state, or `stopped`)."""
    try:
        with Heart(claim) as heart:
            try:
                delivery = make(claim, heart.report)
            except ProviderError as error:
                logger.warning("attempt %s failed: %r", claim.attempt_id, error)
                return persist(partial(finish.fail, claim, error), claim)
            try:
                persist(partial(finish.complete, claim, delivery), claim)
            except (LeaseLost, *AWAY):
                raise
            except Exception as error:
                # To draw it again would cost the provider again and end alike: the task fails, staff find the trace.
                stored = [picture.key for _, _, picture in delivery.pictures]
                logger.exception("%s of attempt %s cannot be published", stored, claim.attempt_id)
                broken = ProviderError(f"not published: {error!r}")
                return persist(partial(finish.fail, claim, broken), claim)
    except GivenBack:
        logger.info("attempt %s is given back: the worker stops", claim.attempt_id)
        finish.hand_back(claim)
        return "handed_back"
    except (LeaseLost, Stopped):
        logger.info("attempt %s is no longer wanted here: discarded", claim.attempt_id)
        return "stopped"
    return "completed"


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


def make(claim: Claim, report: Report) -> Delivery:
    """Have the provider make the pictures and store them; raise ProviderError when not one could be stored."""
    card = ModelCard.from_json(claim.spec.model, claim.card)
    # The provider may work for minutes: the connection goes back to the pool, where the heart needs one.
    release_connection()
    try:
        finished = get_adapter(claim.adapter).submit(claim.spec, card=card, report=report)
    except (ProviderError, Stopped):
        raise
    except Exception as error:
        # A mistake of ours or of a library: it would come again, so the task ends now and staff find the trace.
        logger.exception("adapter %s broke on attempt %s", claim.adapter, claim.attempt_id)
        raise ProviderError(f"unexpected: {error!r}") from error
    started = time.perf_counter()
    pictures, refusals = store(claim, finished)
    timings = {**finished.timings, "store": round(time.perf_counter() - started, 4)}
    return Delivery(pictures, [*finished.refusals, *refusals], timings, finished.facts)


def store(
    claim: Claim, finished: Finished
) -> tuple[list[tuple[int, int, StoredPicture]], list[Refusal]]:
    """Store each output; one that the store does not take is refused, and only if none is taken does it raise."""
    folder = output_key(claim.day, claim.owner_id, claim.attempt_id, "")
    pictures, refusals = [], []
    for output in finished.outputs:
        try:
            stored = save_picture(output.image, folder=folder, name=str(output.position))
        except Exception as error:  # noqa: BLE001 (each store raises its own; the money decides what it means)
            logger.warning("picture %s of %s not stored: %s", output.position, claim.task_id, error)
            refusals.append(Refusal(output.position, output.seed, "store_failed"))
        else:
            pictures.append((output.position, output.seed, stored))
    if not pictures:
        raise ProviderError("the store took no picture", code="store_failed", retryable=True)
    return pictures, refusals


def worker_name() -> str:
    """Return who claims: host, process and thread."""
    return f"{socket.gethostname()}:{getpid()}:{threading.current_thread().name}"[:200]
