"""Asking vendors: for orders that they work on, and to stop those that nobody wants any more."""

import logging
import math
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from generation.accounts.adapters import adapter_of
from generation.life import polls, waiting
from generation.life.claims import Claim
from generation.providers.base import CancelOutcome, Outcome, Provider, Waiting
from generation.providers.errors import Fault, ProviderError, Sent
from generation.work import traces
from generation.work.batch import Batch, BatchOutcome, worker_name
from genhub.lib.connections import release_connection
from genhub.lib.dial import within

logger = logging.getLogger(__name__)
# Of one batch: how many calls are under way at a time (a pool of connections looks at all of them for each call), how
# long one of several may take, and after how many failures of the vendor the rest is left for later.
SIDE_BY_SIDE = 24
PATIENCE_SECONDS = 30.0
MOST_FAULTS = 8


class Asking:
    """Accounts whose vendors are asked by this process now: no other batch of theirs is claimed meanwhile, so that a
    vendor which is slow to answer keeps one thread from the others, and not all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: Counter[int] = Counter()

    def list_accounts(self) -> list[int]:
        """Return which they are."""
        with self._lock:
            return list(+self._batches)

    @contextmanager
    def during(self, account_id: int) -> Iterator[None]:
        """Count an account among them until left."""
        with self._lock:
            self._batches[account_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._batches[account_id] -= 1


asking = Asking()


def claim_polls(queue: str, age_seconds: float = 0.0) -> Batch | None:
    """Take the orders of an account that have been due to be asked for so long; None when there is none."""
    found = polls.claim_due(
        queue, worker=worker_name(), age_seconds=age_seconds, spared=asking.list_accounts()
    )
    return Batch(found, is_isolated=found[0].isolated) if found else None


def ask(batch: Batch) -> BatchOutcome:
    """Ask the vendor for the orders of a batch, whose pulse beats."""
    release_connection()
    told: dict[uuid.UUID, Outcome] = {}
    with asking.during(batch.account.pk):
        for members in by_key(batch.members):
            told |= ask_for_those(members)
    return BatchOutcome(batch, [told[claim.attempt_id] for claim in batch.members])


def ask_for_those(members: Sequence[Claim]) -> dict[uuid.UUID, Outcome]:
    """Return what a vendor says of orders that went with one key; that their account cannot be used now is not their
    end: they are paid for."""
    account, key = members[0].account, members[0].key
    try:
        return ask_together(adapter_of(account, key), members)
    except Exception:
        logger.exception("account %s not asked", account)
        return {claim.attempt_id: Waiting() for claim in members}


def by_key(members: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Yield those that went with the same key: for its vendor each key is a customer."""
    for key_id in {claim.key and claim.key.pk for claim in members}:
        yield [claim for claim in members if (claim.key and claim.key.pk) == key_id]


def ask_together(adapter: Provider, members: Sequence[Claim]) -> dict[uuid.UUID, Outcome]:
    """Return what a vendor says of orders: those of which its list says that it works on them need no call of their
    own, the others are asked for side by side."""
    told: dict[uuid.UUID, Outcome] = {**list_waiting(adapter, members)}
    alone = [claim for claim in members if claim.attempt_id not in told]
    patience = PATIENCE_SECONDS if len(members) > 1 else math.inf
    ask_for = partial(ask_for_one, adapter, patience, [])
    if len(alone) > 1:
        with ThreadPoolExecutor(min(len(alone), SIDE_BY_SIDE), "ask") as pool:
            outcomes = list(pool.map(ask_for, alone))
    else:
        outcomes = list(map(ask_for, alone))
    said = zip(alone, outcomes, strict=True)
    return told | {claim.attempt_id: outcome for claim, outcome in said}


def list_waiting(adapter: Provider, members: Sequence[Claim]) -> dict[uuid.UUID, Waiting]:
    """Return those of several orders of which the vendor's list says that it works on them; none where it has no list,
    or does not give it."""
    if len(members) == 1:
        return {}
    try:
        with within(PATIENCE_SECONDS):
            listed = adapter.poll_many([claim.remote_id for claim in members])
    except Exception as error:  # noqa: BLE001 (whatever is wrong with it, each order can be asked for)
        logger.warning("no list of %s: %r", adapter.account.alias, error)
        return {}
    found = ((claim.attempt_id, listed.get(claim.remote_id)) for claim in members)
    return {attempt_id: waits for attempt_id, waits in found if waits}


def ask_for_one(
    adapter: Provider, patience: float, faults: list[ProviderError], claim: Claim
) -> Outcome:
    """Return what a vendor says of an order. What leaves that open is no end of it: it is paid for, and is asked for
    again. Of many none is asked for any more once the vendor has failed too often."""
    if len(faults) >= MOST_FAULTS:
        return Waiting(poll_after_seconds=faults[-1].retry_after_seconds)
    try:
        with within(patience), traces.telling("ask vendor", claim, "client"):
            return adapter.poll(claim.remote_id)
    except ProviderError as error:
        if error.is_gone or not (error.retryable or error.sent is Sent.MAYBE):
            return error
        logger.warning("attempt %s not asked for: %s", claim.attempt_id, error)
        if error.fault is not Fault.ORDER:
            faults.append(error)
        return Waiting(poll_after_seconds=error.retry_after_seconds)
    except Exception:
        logger.exception("attempt %s not asked for", claim.attempt_id)
        return Waiting()


def tell_cancels(queue: str) -> None:
    """Tell vendors of the orders of a queue that nobody wants any more; what fails is told again later."""
    while attempt := waiting.claim_cancel(queue):
        if waiting.is_shared(attempt):
            # The other order is made, and bears what it costs.
            waiting.note_canceled(attempt, CancelOutcome.FREE)
            continue
        release_connection()
        try:
            outcome = adapter_of(attempt.account, attempt.key).cancel(attempt.remote_id)
        except ProviderError as error:
            logger.warning("attempt %s not cancelled: %s", attempt.pk, error)
            if error.retryable:
                continue
            outcome = CancelOutcome.UNKNOWN
        except Exception:
            logger.exception("attempt %s not cancelled", attempt.pk)
            outcome = CancelOutcome.UNKNOWN
        waiting.note_canceled(attempt, outcome)
