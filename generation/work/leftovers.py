"""Files of attempts that published nothing: cancelled, lost or stopped between the store and the commit.

The worker deletes its own as soon as it knows; a sweep finds those of workers that died.
"""

import datetime
import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db.models.functions import Now

from generation.life.claims import Claim
from generation.models import Attempt
from generation.states import ATTEMPT_ENDS
from generation.work.process import release_connection
from storage.keys import output_key
from storage.services import delete_unnamed
from storage.sweeping import sweep_uploads

logger = logging.getLogger(__name__)

# A worker that lost its attempt may still be storing; a stage of its that lasts longer than minutes ends its process.
AGE = timedelta(hours=1)
MOST_AT_A_TIME = 100
# A store that is away answers late: the loops have other work.
MOST_FAILURES = 3


def clear(claim: Claim, positions: Iterable[int]) -> None:
    """Delete what a worker stored for an attempt of its own that has ended otherwise.

    What the database says counts: whatever cannot be told or deleted now is left to the sweep.
    """
    ended = Attempt.objects.filter(pk=claim.attempt_id, state__in=ATTEMPT_ENDS)
    try:
        if ended.exists():
            # The sweep looks once more, an hour later.
            folder = output_key(claim.day, claim.owner_id, claim.attempt_id, "")
            delete_unnamed(folder, map(str, positions))
    except Exception:
        logger.exception("files of attempt %s are left to the sweep", claim.attempt_id)
    finally:
        release_connection()


def sweep_files(age: timedelta = AGE) -> int:
    """Delete the files that no artifact names of attempts and uploads that ended so long ago; return how many."""
    return sweep_attempts(age) + sweep_uploads(age)


class Place:
    """Where the next sweep goes on: an attempt whose files cannot be deleted must not hold up those behind it."""

    after: datetime.datetime | None = None


def sweep_attempts(age: timedelta = AGE) -> int:
    """Look through the folders of some ended attempts and return how many files were deleted."""
    rows = Attempt.objects.filter(
        needs_sweep=True, state__in=ATTEMPT_ENDS, ended_at__lt=Now() - age
    ).select_related("share")
    if Place.after:
        rows = rows.filter(ended_at__gt=Place.after)
    found = list(rows.order_by("ended_at")[:MOST_AT_A_TIME])
    Place.after = found[-1].ended_at if len(found) == MOST_AT_A_TIME else None
    deleted, failures = 0, 0
    for attempt in found:
        folder = output_key(attempt.created_at.date(), attempt.share.platform_id, attempt.pk, "")
        try:
            deleted += delete_unnamed(folder)
        except Exception:
            logger.exception("not swept: %s", folder)
            failures += 1
            if failures == MOST_FAILURES:
                Place.after = attempt.ended_at
                break
        else:
            Attempt.objects.filter(pk=attempt.pk).update(needs_sweep=False)
    return deleted
