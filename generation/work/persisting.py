"""Writing the end of an attempt, though the database may be away for a while."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError

from generation.life.claims import Claim
from generation.work.process import draining
from genhub.lib.connections import release_connection

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
# A database that is away at the end of the work: the picture is kept as long as the lease may live.
FINISH_AGAIN_SECONDS = 1.0
AWAY = (OperationalError, InterfaceError)


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
