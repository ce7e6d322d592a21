"""Uploads that their owner sends to the store itself: announced, sent without the hub, then made artifacts.

Where pictures lie on this machine, the hub's own server stands in for the store.
"""

import hashlib
import logging
import math
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.signing import Signer
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from genhub.lib import locks
from genhub.lib.errors import Problem, gettext_noop, refuse_field
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms import idempotency
from storage.keys import incoming_folder, incoming_key
from storage.models import SHOWN, Artifact, DirectUpload, UploadFolder
from storage.purposes import home_of
from storage.signatures import is_signature, signature_of
from storage.uploads import FIELD, take_picture
from storage.usage import check_room

logger = logging.getLogger(__name__)

PREFIX: Final = "upl"
SIGNER: Final = Signer(salt="storage.direct")
# So long a file may be sent, and made an artifact.
SECONDS: Final = 3600
# Of one user, announced and not there yet.
MOST_OPEN: Final = 20
# Apart from every other advisory lock: ASCII “diru”.
LOCK: Final = 0x64697275
TOO_LARGE: Final = gettext_noop("A picture may have %(limit)s bytes; send it smaller.")
SIZE_DIFFERS: Final = gettext_noop("%(found)s bytes came, %(said)s were announced. Send it again.")
SUM_DIFFERS: Final = gettext_noop("Its SHA-256 is not the one that was announced. Send it again.")


class TooManyUploads(Problem):
    """As many uploads are announced as a user may have."""

    code = "too_many_uploads"
    status = 429
    title = gettext_noop("Too many uploads are announced")
    detail = gettext_noop(
        "A user may have %(limit)s that are not confirmed. Confirm some, or wait until their hour is over."
    )


class UploadMissing(Problem):
    """The file is not there yet."""

    code = "upload_missing"
    status = 409
    title = gettext_noop("The file is not there yet")
    detail = gettext_noop("Send it to its address by PUT first. Nothing was stored.")


class UploadOver(Problem):
    """The time of an upload is over."""

    code = "upload_over"
    status = 410
    title = gettext_noop("The time of this upload is over")
    detail = gettext_noop("It was not confirmed within its hour. Announce it again.")


def announce(
    use: idempotency.Use, *, content_type: str, size_bytes: int, sha256: str = ""
) -> DirectUpload:
    """Return a new upload; or the earlier one of the same key, or of the same bytes of this owner, if that has become
    an artifact.

    Raises InvalidRequest, IdempotencyKeyReused or TooManyUploads or StorageFull.
    """
    most: int = settings.UPLOAD_MAX_BYTES
    if size_bytes > most:
        raise refuse_field("size_bytes", "too_large", TOO_LARGE, limit=most)
    try:
        return announce_in_turn(use, content_type, size_bytes, sha256)
    except IntegrityError:
        # The key was used at another door by a request that ran beside this one and has committed since.
        if not (earlier := idempotency.find_earlier(use)):
            raise
        return DirectUpload.objects.get(pk=earlier)


def announce_in_turn(
    use: idempotency.Use, content_type: str, size_bytes: int, sha256: str
) -> DirectUpload:
    """Do as `announce` does, one after the other of one owner; raise IntegrityError for a key used meanwhile."""
    owner = {"platform_id": use.platform_id, "user": use.user}
    with transaction.atomic():
        locks.take(LOCK, f"{use.platform_id} {use.user}")
        if earlier := idempotency.find_earlier(use):
            return DirectUpload.objects.get(pk=earlier)
        rows = DirectUpload.objects.filter(**owner)
        # One that is withheld is nobody's to be told of, and a file that is sent again is another picture.
        ready = rows.filter(artifact__in=Artifact.objects.filter(SHOWN))
        if sha256 and (known := ready.filter(sha256=sha256).first()):
            return known
        check_room(use.platform_id, adding_bytes=size_bytes)
        if rows.filter(artifact=None, expires_at__gt=Now()).count() >= MOST_OPEN:
            raise TooManyUploads(limit=MOST_OPEN)
        until = Now() + timedelta(seconds=SECONDS)
        row = DirectUpload.objects.create(
            **owner,
            content_type=content_type,
            size_bytes=size_bytes,
            sha256=sha256,
            expires_at=until,
        )
        # Whatever becomes of it, what lies there once its time is over is swept.
        UploadFolder.objects.create(folder=incoming_folder(row.pk), created_at=until, **owner)
        idempotency.keep(use, row.pk)
    return DirectUpload.objects.get(pk=row.pk)


def find_uploads(platform_id: uuid.UUID, user: str | None) -> QuerySet[DirectUpload]:
    """Return the uploads of a platform (and user, unless None)."""
    rows = DirectUpload.objects.filter(platform_id=platform_id)
    return rows if user is None else rows.filter(user=user)


def address_of(upload: DirectUpload) -> tuple[str, Mapping[str, str]]:
    """Return where the file is to be sent by PUT, and with which headers."""
    headers = {"Content-Type": upload.content_type}
    key = incoming_key(upload.pk)
    if store := home_of(key):
        url = store.sign_put(
            key,
            content_type=upload.content_type,
            size_bytes=upload.size_bytes,
            seconds=seconds_left(upload),
        )
        return url, headers | store.list_encryption()
    wire_id = to_wire(PREFIX, upload.pk)
    path = reverse("incoming", args=[wire_id, signature_of(SIGNER, wire_id)])
    return f"{settings.PUBLIC_URL}{path}", headers


def seconds_left(upload: DirectUpload) -> int:
    """Return how long a file may still be sent: an address works no longer than its upload."""
    left = upload.expires_at - datetime.now(UTC)
    return max(1, math.ceil(left.total_seconds()))


def find_signed(wire_id: str, signature: str) -> DirectUpload | None:
    """Return the upload that an address of ours is of, while it may be sent; None for any other address."""
    if not is_signature(SIGNER, wire_id, signature):
        return None
    rows = DirectUpload.objects.filter(artifact=None, expires_at__gt=Now())
    return rows.filter(pk=from_wire(PREFIX, wire_id)).first()


def confirm(upload: DirectUpload) -> Artifact:
    """Return the artifact that a file became which was sent; the second time the same.

    Raises UploadMissing, UploadOver, or what any upload is refused for: then it may be sent and confirmed again.
    """
    if upload.artifact:
        return upload.artifact
    if not DirectUpload.objects.filter(pk=upload.pk, expires_at__gt=Now()).exists():
        raise UploadOver
    key = incoming_key(upload.pk)
    if not default_storage.exists(key):
        # Somebody else may just have confirmed it.
        row = DirectUpload.objects.select_related("artifact").filter(pk=upload.pk).first()
        if row and row.artifact:
            return row.artifact
        raise UploadMissing
    data = read_incoming(upload, key)
    # Its id is its key, so that two who confirm at once make one artifact.
    artifact = take_picture(
        data,
        upload.content_type,
        platform_id=upload.platform_id,
        user=upload.user,
        idempotency_key=to_wire(PREFIX, upload.pk),
    )
    DirectUpload.objects.filter(pk=upload.pk).update(artifact=artifact)
    try:
        default_storage.delete(key)
    except Exception:
        logger.exception("not deleted, and swept after its time: %s", key)
    return artifact


def read_incoming(upload: DirectUpload, key: str) -> bytes:
    """Return what was sent, if it is what was announced."""
    found = default_storage.size(key)
    if found != upload.size_bytes:
        words = {"found": found, "said": upload.size_bytes}
        raise refuse_field(FIELD, "size_differs", SIZE_DIFFERS, **words)
    with default_storage.open(key) as file:
        data: bytes = file.read()
    if upload.sha256 and hashlib.sha256(data).hexdigest() != upload.sha256:
        raise refuse_field(FIELD, "checksum_differs", SUM_DIFFERS)
    return data
