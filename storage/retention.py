"""What of stored files goes when: keys and pictures that nobody asked for again, and files that no row names.

Pictures that were delivered, or that an order started from, have no age here yet: where artifacts expire, their rule
stands beside `unused_uploads`, and it too notes the folder before it lets the row go.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from genhub.platforms.idempotency import Scope
from genhub.platforms.models import IdempotencyKey
from genhub.retention.rules import Gone, Rule
from storage.keys import UPLOADS
from storage.models import Artifact, UploadFolder
from storage.services import delete_unnamed, forget_uploads, weigh_unnamed

# A picture and its thumbnail.
FILES_OF_ONE = 2


def find_unused() -> QuerySet[Artifact]:
    """Return the uploads that no order ever named."""
    return Artifact.objects.filter(used_at=None, key__startswith=UPLOADS)


def weigh_unused(rows: QuerySet[Artifact]) -> Gone:
    """Return what it would be to delete these uploads; what a thumbnail weighs is not known."""
    count = rows.count()
    size_bytes = rows.order_by().aggregate(all=Sum("size_bytes", default=0))["all"]
    return Gone(rows=count, files=FILES_OF_ONE * count, size_bytes=size_bytes)


def clear_folders(rows: Sequence[UploadFolder]) -> Gone:
    """Delete the files of uploads without an artifact, then the rows that say where they lie."""
    gone = Gone()
    for row in rows:
        gone += delete_unnamed(row.folder, weighs=True)
        row.delete()
    return gone


def weigh_folders(rows: QuerySet[UploadFolder]) -> Gone:
    """Return what `clear_folders` would delete."""
    return sum((weigh_unnamed(row.folder) for row in rows.iterator()), Gone())


RULES = (
    Rule(
        "upload_keys",
        _("Idempotency keys of uploads"),
        lambda: IdempotencyKey.objects.filter(scope=Scope.UPLOAD),
        days="keys",
    ),
    Rule(
        "unused_uploads",
        _("Uploaded pictures that no order ever named"),
        find_unused,
        days="unused_uploads",
        delete=forget_uploads,
        weigh=weigh_unused,
    ),
    Rule(
        "upload_files",
        _("Files of uploads that have no artifact"),
        UploadFolder.objects.all,
        # Far longer than an upload takes, retries of the store included.
        margin=timedelta(hours=1),
        delete=clear_folders,
        weigh=weigh_folders,
        is_apart=True,
    ),
)
