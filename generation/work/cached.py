"""What needs no drawing: claimed orders are ended with what was drawn before, or wait for who is drawing the same."""

import logging
from collections.abc import Sequence

from generation.failures import FoundNoMore
from generation.life import flights, found
from generation.life.claims import Claim, LeaseLost
from generation.life.unpaid_ends import end_unpaid
from generation.selectors.drawn import find_drawn, is_stored
from generation.states import TaskState

logger = logging.getLogger(__name__)


def list_undrawn(claims: Sequence[Claim]) -> list[Claim]:
    """Return those of some claims that are to be drawn; the others are ended, wait, or are no longer ours."""
    return [
        claim
        for claim in claims
        if not (claim.cache_key or claim.spec.only_found) or needs_drawing(claim)
    ]


def needs_drawing(claim: Claim) -> bool:
    """Return whether a claim is to be drawn; see to it where it is not."""
    try:
        if end_with_found(claim):
            return False
        if claim.spec.only_found:
            end_unpaid(claim.task_id, TaskState.FAILED, problem=FoundNoMore())
            return False
        if not flights.take_lead(claim):
            return False
        # Who led before may have ended since the first look; from here on nobody else draws it.
        return not end_with_found(claim)
    except LeaseLost:
        return False


def end_with_found(claim: Claim) -> bool:
    """End a claim with what was drawn before; False where there is nothing, or its files are gone."""
    earlier = find_drawn(claim.cache_key)
    if earlier is None or not is_stored(earlier):
        return False
    try:
        found.complete_found(claim, earlier)
    except found.Gone:
        return False
    logger.info("attempt %s is found: task %s drew it", claim.attempt_id, earlier.task_id)
    return True
