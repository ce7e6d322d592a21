"""Pictures that callers bring along: decoded apart, stored as fresh pixels, never as they came."""

import hashlib
import logging
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.db import Error, IntegrityError, transaction
from PIL import Image

from genhub.lib.errors import FieldError, IdempotencyKeyReused, InvalidRequest, gettext_noop
from genhub.lib.ids import new_id
from storage import decoding, labels
from storage.keys import upload_folder
from storage.media import encode_photo, encode_picture
from storage.models import Artifact, UploadFolder, UploadKey
from storage.services import StoredPicture, delete_files, record_artifact, save_picture

logger = logging.getLogger(__name__)

FIELD: Final = "file"
# Above the program's own limit on CPU time, for a machine that has other work.
PATIENCE_SECONDS: Final = 30.0

UNREADABLE: Final = gettext_noop("This is not a whole PNG, JPEG or WebP picture. Export it again.")
REASONS: Final = {
    "too_many_pixels": gettext_noop("A picture may have %(limit)s pixels in all; send it smaller."),
    "side_too_long": gettext_noop("A side may have %(limit)s pixels; send the picture smaller."),
    "too_narrow": gettext_noop("The long side may be %(limit)s times the short one; crop it."),
}
LIMITS: Final = {
    "too_many_pixels": decoding.MOST_PIXELS,
    "side_too_long": decoding.LARGEST_SIDE_PIXELS,
    "too_narrow": decoding.LARGEST_ASPECT,
}


def take_picture(
    data: bytes, content_type: str, *, platform_id: uuid.UUID, user: str, idempotency_key: str = ""
) -> Artifact:
    """Store what a caller sent and give it to its owner, or return what was made earlier of the same key and bytes.

    Raises InvalidRequest, naming what is wrong with it, or IdempotencyKeyReused; then nothing was stored.
    What came as JPEG is stored as JPEG (quality 85), all else without loss: a mask must stay as it is.
    """
    check_type(data, content_type)
    key = UploadKey(
        platform_id=platform_id, user=user, key=idempotency_key, fingerprint=digest(data)
    )
    if earlier := find_earlier(key):
        return earlier
    image = decode_apart(data)
    folder = upload_folder(datetime.now(UTC).date(), platform_id, new_id())
    encoder = encode_photo if content_type == "image/jpeg" else encode_picture
    # First, so that a sweep finds what is left by a process that dies before the artifact's row is written.
    UploadFolder.objects.create(folder=folder)
    stored = save_picture(image, folder=folder, name="0", label=labels.NONE, encoder=encoder)
    try:
        return record_upload(stored, key)
    except Exception as error:
        delete_unless_recorded(stored)
        # The key was used by a request that ran beside this one and has committed since.
        if isinstance(error, IntegrityError) and (earlier := find_earlier(key)):
            return earlier
        raise


def digest(data: bytes) -> str:
    """Return the SHA-256 of what was sent."""
    return hashlib.sha256(data).hexdigest()


def find_earlier(key: UploadKey) -> Artifact | None:
    """Return what this key made before; raise IdempotencyKeyReused when that was of other bytes."""
    rows = UploadKey.objects.filter(platform_id=key.platform_id, user=key.user, key=key.key)
    earlier = rows.select_related("artifact").first() if key.key else None
    if earlier and earlier.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused
    return earlier.artifact if earlier else None


@transaction.atomic
def record_upload(stored: StoredPicture, key: UploadKey) -> Artifact:
    """Write the row of an upload, and of its key where it has one, or nothing at all."""
    artifact_id = record_artifact(stored, platform_id=key.platform_id, user=key.user)
    UploadFolder.objects.filter(folder=stored.key.rpartition("/")[0] + "/").delete()
    if key.key:
        key.artifact_id = artifact_id
        key.save(force_insert=True)
    return Artifact.objects.get(pk=artifact_id)


def delete_unless_recorded(stored: StoredPicture) -> None:
    """Delete the files of an upload without a row; while nobody can say whether it has one, they stay."""
    try:
        is_recorded = Artifact.objects.filter(key=stored.key).exists()
    except Error:
        logger.exception("it is not known whether a row names it: %s", stored.key)
        return
    if not is_recorded:
        delete_files(stored)


def check_type(data: bytes, content_type: str) -> None:
    """Refuse what is no picture by its first bytes, or another one than it is said to be."""
    declared = decoding.TYPES.get(content_type)
    if declared is None:
        message = gettext_noop("Send a PNG, JPEG or WebP picture and say which: %(types)s.")
        raise refuse("unsupported_type", message, types=", ".join(decoding.TYPES))
    found = decoding.find_format(data)
    if not found:
        raise refuse("unreadable", UNREADABLE)
    if found != declared:
        message = gettext_noop("The bytes are %(found)s, the content type says %(declared)s.")
        raise refuse("type_differs", message, found=found, declared=declared)


def decode_apart(data: bytes) -> Image.Image:
    """Return fresh RGB pixels, made by a process that may die of them."""
    # Isolated: the folder of the program is no place to import from.
    command = [sys.executable, "-I", decoding.__file__, str(settings.UPLOAD_LONGEST_SIDE_PIXELS)]
    try:
        done = subprocess.run(  # noqa: S603 (our own program; the bytes are its input)
            command, input=data, capture_output=True, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise refuse("unreadable", UNREADABLE) from error
    head, _, pixels = done.stdout.partition(b"\n")
    match head.decode(errors="replace").split():
        case ["ok", width, height]:
            return Image.frombytes("RGB", (int(width), int(height)), pixels)
        case ["refused", code]:
            raise refuse(code, REASONS[code], limit=LIMITS[code])
        case _:
            raise unread(done)


def unread(done: "subprocess.CompletedProcess[bytes]") -> InvalidRequest:
    """Return the refusal of what the program could not read, or died of; staff find its last words in the log."""
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    logger.info("upload not read: rc %s, %.200r", done.returncode, last)
    return refuse("unreadable", UNREADABLE)


def refuse(code: str, message: str, **params: object) -> InvalidRequest:
    """Return the refusal of the file."""
    return InvalidRequest(errors=[FieldError(FIELD, code, message, params)])
