"""Files that no artifact names: an upload that stopped midway leaves them, and its folder's row says where."""

import logging
from datetime import timedelta

from django.db.models.functions import Now

from storage.models import UploadFolder
from storage.services import delete_unnamed

logger = logging.getLogger(__name__)

# Far longer than an upload takes, retries of the store included.
AGE = timedelta(hours=1)
MOST_AT_A_TIME = 100


def sweep_uploads(age: timedelta = AGE) -> int:
    """Delete what uploads left that began so long ago and have no artifact; return how many files there were.

    Stops at the first folder that the store does not let go: the next sweep tries again.
    """
    old = UploadFolder.objects.filter(created_at__lt=Now() - age).order_by("created_at")
    deleted = 0
    for row in old[:MOST_AT_A_TIME]:
        try:
            deleted += delete_unnamed(row.folder)
        except Exception:
            logger.exception("not swept: %s", row.folder)
            break
        row.delete()
    return deleted
