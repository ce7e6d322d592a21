"""What is stored of a user: files, links and uploads under way go; facts of files stay, to prove labels by."""

from django.utils.translation import gettext_lazy as _

from genhub.retention.erasing import Left, Owner, Step, StillBusy, bite, count_left, delete, of
from genhub.retention.rules import Gone
from genhub.webhooks import outbox
from storage.erasing import clear_folders, find_left, let_go
from storage.keys import UPLOADS, incoming_folder
from storage.models import Artifact, DirectUpload, Review, ShareLink, TakeDown, UploadFolder
from storage.retention import delete_keyed
from storage.services import delete_unnamed


def let_pictures_go(owner: Owner) -> Gone:
    """Let the user's pictures go, whatever they were made by."""
    rows = of(Artifact, owner).filter(gone_at=None)
    found = bite(rows)
    return let_go(found) if found else Gone()


def delete_links(owner: Owner) -> Gone:
    """Delete the share links of the user's pictures."""
    return delete(
        ShareLink.objects.filter(artifact__platform_id=owner.platform_id, artifact__user=owner.user)
    )


def forget_messages(owner: Owner) -> Gone:
    """Delete what apps were told, or were to be told, about the user's pictures."""
    own = {"artifact__platform_id": owner.platform_id, "artifact__user": owner.user}
    told = (model.objects.filter(**own).values("pk") for model in (Review, TakeDown))
    return sum(
        (Gone(rows=outbox.forget(outbox.find_about(owner.platform_id, ids))) for ids in told),
        Gone(),
    )


def delete_uploads(owner: Owner) -> Gone:
    """Delete an upload to the store, with its file where it became no picture."""
    rows = of(DirectUpload, owner)
    if found := rows.first():
        # Where it lies is swept once more after its time: until then somebody may still send it.
        gone = delete_unnamed(incoming_folder(found.pk), weighs=True)
        return gone + delete_keyed([found])
    return Gone()


def delete_files(owner: Owner) -> Gone:
    """Delete the files of a picture of the user's that has gone, but for those that another user's picture shares."""
    found = find_left(owner.platform_id, owner.user)
    return clear_folders([found]) + Gone(rows=1) if found else Gone()


def rename(owner: Owner) -> None:
    """Call the owner of what is left otherwise; raise StillBusy where a picture came since, or a file still lies."""
    is_new = of(Artifact, owner).filter(gone_at=None).exists()
    if is_new or find_left(owner.platform_id, owner.user):
        raise StillBusy
    # Of what the user brought along, no fingerprint stays.
    uploads = of(Artifact, owner).filter(key__startswith=UPLOADS)
    uploads.update(sha256="")
    for model in (Artifact, UploadFolder):
        of(model, owner).update(user=owner.alias)


STEPS = (
    Step("share_links", _("Share links"), delete_links),
    Step("review_messages", _("Webhook messages about pictures"), forget_messages),
    Step("direct_uploads", _("Uploads to the store"), delete_uploads, is_apart=True),
    Step("pictures", _("Pictures and clips"), let_pictures_go),
    Step("files", _("Files of pictures and clips"), delete_files, is_apart=True),
)
KEPT = (
    Left(
        "file_facts",
        _("Facts of files: type, size, date, checksum of what was generated"),
        _(
            "Whoever shows a generated picture can be told whether it was made here; they name nobody."
        ),
        count_left(Artifact),
    ),
)
