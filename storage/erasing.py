"""Pictures whose files go while their rows stay, since orders and books name them: rows first, then files.

A row that is marked and the folder that is noted are one transaction; a sweep deletes the folder's files that no other
row names. So a process that dies leaves no row that promises a file, and no file that none will find.
"""

import uuid
from collections.abc import Collection, Sequence

from django.db.models import QuerySet, Sum
from django.db.models.functions import Now

from genhub.lib.errors import Problem, gettext_noop
from genhub.platforms import idempotency
from genhub.retention.rules import Gone
from storage.keys import EDITS, OUTPUTS, UPLOADS
from storage.models import SHOWN, Artifact, Edit, UploadFolder
from storage.services import delete_unnamed, folder_of

# A picture and its thumbnail.
FILES_OF_ONE = 2
PLACES = {"outputs": OUTPUTS, "edits": EDITS, "uploads": UPLOADS}


class FileDeleted(Problem):
    """It was delivered, and its time is over, or its owner's data was deleted."""

    code = "file_deleted"
    status = 410
    title = gettext_noop("The file was deleted")
    detail = gettext_noop(
        "It was delivered, and is kept no longer. Its credits stay spent; order it again if you still need it."
    )


class PictureTakenDown(Problem):
    """Staff took it down."""

    code = "picture_taken_down"
    status = 410
    title = gettext_noop("The picture was taken down")
    detail = gettext_noop(
        "The hub's staff took this picture down for good; its files are deleted. Ask the hub's staff for the reason."
    )


class TakenDownBefore(Problem):
    """There is nothing left of the picture to take down."""

    code = "taken_down_before"
    status = 409
    title = gettext_noop("The picture is gone already")
    detail = gettext_noop("Its files were deleted before. Nothing was changed.")


def find_shown(kind: str) -> QuerySet[Artifact]:
    """Return the pictures of a kind whose files are there and whose owners have them: `outputs`, `edits` or `uploads`,
    of these only those that orders named."""
    rows = Artifact.objects.filter(SHOWN, key__startswith=PLACES[kind])
    return rows.filter(used_at__isnull=False) if kind == "uploads" else rows


def find_withheld() -> QuerySet[Artifact]:
    """Return the withheld pictures whose files are there."""
    return Artifact.objects.filter(withheld_at__isnull=False, gone_at=None)


def weigh_pictures(rows: QuerySet[Artifact]) -> Gone:
    """Return what it would be to let these go; what a thumbnail weighs is not known, and a file that another picture
    shares stays."""
    count = rows.count()
    size_bytes = rows.order_by().aggregate(all=Sum("size_bytes", default=0))["all"]
    return Gone(rows=count, files=FILES_OF_ONE * count, size_bytes=size_bytes)


def let_go(rows: Sequence[Artifact]) -> Gone:
    """Mark pictures, locked by the caller's transaction, as gone, and note where their files lie."""
    ids = [row.pk for row in rows]
    note_folders(rows)
    # What was written on them is theirs, and what they show is told of them no more.
    Edit.objects.filter(artifact__in=ids).update(operations=[])
    going = Artifact.objects.filter(pk__in=ids, gone_at=None)
    return Gone(rows=going.update(gone_at=Now(), alt=""))


def let_go_of(ids: Collection[uuid.UUID]) -> Gone:
    """Lock pictures by their ids, in the order of these, and let them go."""
    return let_go(list(Artifact.objects.select_for_update().filter(pk__in=ids).order_by("pk")))


def forget_uploads(rows: Sequence[Artifact]) -> Gone:
    """Delete the rows and keys of uploads, locked by the caller's transaction, and note where their files lie.

    Rows go before files: a row never names a file that has gone, and what a dead process leaves is found by the folder.
    """
    ids = [row.pk for row in rows]
    idempotency.forget(idempotency.Scope.UPLOAD, ids)
    note_folders(rows)
    Artifact.objects.filter(pk__in=ids).delete()
    return Gone(rows=len(ids))


def note_folders(rows: Sequence[Artifact]) -> None:
    """Note where the files of pictures lie that are no more, as old as they are: nothing waits for them to grow older.

    Noted again, a folder is looked at again, even by a sweep that has just been there.
    """
    folders = {
        folder: UploadFolder(
            folder=folder, platform_id=row.platform_id, user=row.user, created_at=row.created_at
        )
        for row in rows
        if (folder := folder_of(row.key))
    }
    UploadFolder.objects.bulk_create(
        folders.values(), update_conflicts=True, unique_fields=["folder"], update_fields=["noted_at"]
    )  # fmt: skip


def clear_folders(rows: Collection[UploadFolder]) -> Gone:
    """Delete the files without an artifact in some folders, then the rows that say where they lie."""
    gone = Gone()
    for row in rows:
        gone += delete_unnamed(row.folder, weighs=True)
        UploadFolder.objects.filter(pk=row.pk, noted_at=row.noted_at).delete()
    return gone


def find_left(platform_id: uuid.UUID, user: str) -> UploadFolder | None:
    """Return a folder of a user's pictures that have gone: those that somebody still writes into are none."""
    gone = Artifact.objects.filter(gone_at__isnull=False, platform_id=platform_id)
    folders = UploadFolder.objects.filter(platform_id=platform_id, user=user)
    # Each by the index of keys: a pattern that comes from another row has none.
    return next((row for row in folders if gone.filter(key__startswith=row.folder).exists()), None)
