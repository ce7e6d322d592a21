"""Asking vendors: for orders that they work on, and to stop those that nobody wants any more."""

import logging

from generation.accounts.adapters import adapter_of
from generation.life import waiting
from generation.life.claims import Claim
from generation.providers.base import CancelOutcome, Outcome
from generation.providers.errors import ProviderError, Sent
from generation.work.batch import Batch, BatchOutcome, worker_name
from genhub.lib.connections import release_connection

logger = logging.getLogger(__name__)


def claim_poll(queue: str) -> Batch | None:
    """Take an order that is to be asked for; None when none is due."""
    claim = waiting.claim_poll(queue, worker=worker_name())
    return Batch([claim], is_isolated=claim.isolated) if claim else None


def ask(batch: Batch) -> BatchOutcome:
    """Ask the vendor for an order, whose pulse beats."""
    (claim,) = batch.members
    release_connection()
    return BatchOutcome(batch, [poll(claim)])


def poll(claim: Claim) -> Outcome:
    """Return what a vendor says of an order."""
    try:
        return adapter_of(claim.account, claim.key).poll(claim.remote_id)
    except ProviderError as error:
        return error
    except Exception as error:
        # The order is paid for: a word that the adapter does not understand is not its end.
        logger.exception("attempt %s not asked for", claim.attempt_id)
        return ProviderError(f"not asked for: {error!r}", retryable=True, sent=Sent.MAYBE)


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
