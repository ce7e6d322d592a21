"""What of stored files goes when: keys and pictures that nobody asked for again, and files that no row names.

Pictures that were delivered, or that an order started from, are the orders' business: generation/retention.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from genhub.platforms import idempotency
from genhub.platforms.idempotency import Scope
from genhub.platforms.models import IdempotencyKey
from genhub.retention.rules import Gone, Rule, delete_rows
from storage.erasing import clear_folders, forget_uploads, weigh_pictures
from storage.keys import UPLOADS
from storage.models import Artifact, DirectUpload, ShareLink, UploadFolder
from storage.services import weigh_unnamed

OWNER = ("platform", "user")


def find_unused() -> QuerySet[Artifact]:
    """Return the uploads that no order ever named."""
    return Artifact.objects.filter(used_at=None, gone_at=None, key__startswith=UPLOADS)


def weigh_folders(rows: QuerySet[UploadFolder]) -> Gone:
    """Return what `clear_folders` would delete."""
    return sum((weigh_unnamed(row.folder) for row in rows.iterator()), Gone())


def delete_keyed(rows: Sequence[ShareLink] | Sequence[DirectUpload]) -> Gone:
    """Delete rows with the Idempotency-Keys that made them."""
    idempotency.forget(Scope.UPLOAD, [row.pk for row in rows])
    return delete_rows(rows)


RULES = (
    Rule(
        "direct_uploads",
        _("Uploads to the store that were not confirmed in time"),
        lambda: DirectUpload.objects.filter(artifact=None),
        # One that is being confirmed at its last moment is done by then. Its file goes with the others that have none.
        margin=timedelta(hours=1),
        since="expires_at",
        delete=delete_keyed,
        owner=OWNER,
    ),
    Rule(
        "share_links",
        _("Share links, 30 days after their end"),
        ShareLink.objects.all,
        # So long their owner sees how often they were used.
        margin=timedelta(days=30),
        since="expires_at",
        delete=delete_keyed,
        owner=("artifact__platform", "artifact__user"),
    ),
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
        weigh=weigh_pictures,
        owner=OWNER,
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
        owner=OWNER,
    ),
)
