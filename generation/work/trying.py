"""Storing what a vendor has made, and may not make again: what fails for a moment is tried again."""

import logging
from collections.abc import Callable

from generation.providers.errors import ProviderError, Stopped
from generation.work.process import draining
from storage.content import OutputRefused, StoredFile

logger = logging.getLogger(__name__)


def explain(refused: OutputRefused) -> Exception:
    """Return what it means that a vendor's file is not taken: what its stream raised in our own words still holds."""
    if isinstance(refused.__cause__, ProviderError | Stopped):
        return refused.__cause__
    # To have it made again would cost again and end alike.
    return ProviderError(f"not taken: {refused!r}", code=refused.code, params=refused.params)


def try_to_store(save: Callable[[], StoredFile], *, most_tries: int) -> StoredFile:
    """Store, and again after a moment while that fails; raise what the last try raised."""
    for number in range(1, most_tries):
        try:
            return save()
        except OutputRefused as refused:
            if not may_pass(refused):
                raise
            logger.warning("not fetched, try %s: %r", number, refused.__cause__)
            draining.wait(number)
        except Exception as error:  # noqa: BLE001 (each store raises its own)
            logger.warning("not stored, try %s: %r", number, error)
            draining.wait(number)
    return save()


def may_pass(refused: OutputRefused) -> bool:
    """Return whether a vendor's file may be had a moment later: to have it made again would cost again."""
    return isinstance(refused.__cause__, ProviderError) and refused.__cause__.retryable
