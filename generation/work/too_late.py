"""What a vendor made for a task that had failed meanwhile: it will be paid for, so staff may see it."""

import logging
from collections.abc import Callable

from generation.accounts.routing import is_remote
from generation.life import late
from generation.life.claims import Claim
from generation.life.outputs import Stored
from generation.providers.base import Finished, Outcome
from storage.thumbnails import publishing

logger = logging.getLogger(__name__)


def keep(claim: Claim, outcome: Outcome, collect: Callable[[], Stored]) -> str:
    """Keep what came too late where a vendor made it, else discard it; return how the attempt ended."""
    try:
        if is_remote(claim.account) and isinstance(outcome, Finished) and late.is_wanted(claim):
            stored = collect()
            with publishing([output.file for output in stored.outputs]):
                return "late" if late.keep(claim, stored) else "stopped"
    except Exception:
        # Nobody waits for it, and nothing was promised.
        logger.exception("what came too late for attempt %s is not kept", claim.attempt_id)
    logger.info("attempt %s is no longer wanted here: discarded", claim.attempt_id)
    return "stopped"
