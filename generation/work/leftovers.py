"""Files of attempts that published nothing: cancelled, lost or stopped between the store and the commit.

The worker deletes its own as soon as it knows; a rule of retention finds those of workers that died.
"""

import logging
from collections.abc import Sequence

from django.db.models import QuerySet

from generation.life.claims import Claim
from generation.models import Attempt
from generation.states import ATTEMPT_ENDS
from genhub.lib.connections import release_connection
from genhub.retention.rules import Gone
from storage.keys import output_key
from storage.services import delete_unnamed, weigh_unnamed

logger = logging.getLogger(__name__)


def clear(claim: Claim) -> None:
    """Delete what a worker stored for an attempt of its own that has ended otherwise.

    What the database says counts: whatever cannot be told or deleted now is left to the sweep.
    """
    ended = Attempt.objects.filter(pk=claim.attempt_id, state__in=ATTEMPT_ENDS)
    try:
        if ended.exists():
            # The sweep looks once more, an hour later.
            folder = output_key(claim.day, claim.owner_id, claim.attempt_id, "")
            delete_unnamed(folder)
    except Exception:
        logger.exception("files of attempt %s are left to the sweep", claim.attempt_id)
    finally:
        release_connection()


def find_attempts() -> QuerySet[Attempt]:
    """Return the ended attempts that may have left files."""
    return Attempt.objects.filter(needs_sweep=True, state__in=ATTEMPT_ENDS).select_related("share")


def sweep_attempts(attempts: Sequence[Attempt]) -> Gone:
    """Delete the files of ended attempts that no artifact names; raise what the store raises."""
    gone = Gone()
    for attempt in attempts:
        gone += delete_unnamed(folder_of(attempt), weighs=True)
        Attempt.objects.filter(pk=attempt.pk).update(needs_sweep=False)
    return gone


def weigh_attempts(attempts: QuerySet[Attempt]) -> Gone:
    """Return what `sweep_attempts` would delete."""
    return sum((weigh_unnamed(folder_of(attempt)) for attempt in attempts.iterator()), Gone())


def folder_of(attempt: Attempt) -> str:
    """Return where the files of an attempt lie."""
    return output_key(attempt.created_at.date(), attempt.share.platform_id, attempt.pk, "")
