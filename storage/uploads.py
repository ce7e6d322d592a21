"""Pictures that callers bring along: decoded apart, stored as fresh pixels, never as they came."""

import hashlib
import logging
import subprocess
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import Final

from django.conf import settings
from django.db import Error, IntegrityError, transaction
from PIL import Image

from genhub.lib.errors import (
    FieldError,
    InvalidRequest,
    Problem,
    gettext_noop,
)
from genhub.lib.ids import new_id
from genhub.platforms import idempotency
from storage import decoding, labels
from storage.apart import apart
from storage.containers import find_format
from storage.content import StoredFile
from storage.keys import upload_folder
from storage.media import encode_photo, encode_picture
from storage.models import Artifact, UploadFolder
from storage.services import (
    delete_files,
    folder_of,
    record_artifact,
    save_picture,
)
from storage.usage import check_room

logger = logging.getLogger(__name__)

FIELD: Final = "file"
# Above the program's own limit on CPU time: what takes longer waits for the machine, and is no fault of the picture.
PATIENCE_SECONDS: Final = 30.0
# How many processes decode at once for this one; the others wait their turn for a while.
DECODERS: Final = 2
TURN_SECONDS: Final = 10.0
RETRY_AFTER_SECONDS: Final = 5
turns = threading.BoundedSemaphore(DECODERS)
# How many wait for a turn at once, whatever for: more are sent away, so that threads are left for all else.
MOST_WAITING: Final = 4
waiters = threading.BoundedSemaphore(MOST_WAITING)
PROGRAM: Final = "from storage.decoding import main; main()"
HOLES: Final = (
    "from storage.bounded import MOST_MEMORY_BYTES, answer_bounded\n"
    "from storage.decoding import answer_holes\n"
    "answer_bounded(answer_holes, MOST_MEMORY_BYTES)"
)
# Browsers and stores call the same types by more names, or do not know what they send.
OTHER_NAMES: Final = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
    "image/heif": "image/heic",
}
PHOTOS: Final = frozenset({"JPEG", "HEIF"})
UNKNOWN_TYPES: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})

UNREADABLE: Final = gettext_noop(
    "This is not a whole picture of a kind that is taken. Export it again."
)
REASONS: Final = {
    "too_many_pixels": gettext_noop("A picture may have %(limit)s pixels in all; send it smaller."),
    "side_too_long": gettext_noop("A side may have %(limit)s pixels; send the picture smaller."),
    "too_narrow": gettext_noop("The long side may be %(limit)s times the short one; crop it."),
    "too_many_scans": gettext_noop(
        "It has more scans than a JPEG of its size needs. Save it anew."
    ),
}
LIMITS: Final = {
    "too_many_pixels": decoding.MOST_PIXELS,
    "side_too_long": decoding.LARGEST_SIDE_PIXELS,
    "too_narrow": decoding.LARGEST_ASPECT,
}


class UploadsBusy(Problem):
    """Too many pictures came at once, or the machine has too much other work."""

    code = "uploads_busy"
    status = 503
    title = gettext_noop("Too many pictures are being read at the moment")
    detail = gettext_noop("Nothing was stored. Send it again after %(seconds)s seconds.")


def take_picture(
    data: bytes, content_type: str, *, platform_id: uuid.UUID, user: str, idempotency_key: str = ""
) -> Artifact:
    """Store what a caller sent and give it to its owner, or return what was made earlier of the same key and bytes.

    Raises InvalidRequest, naming what is wrong with it, IdempotencyKeyReused or UploadsBusy; then nothing was stored.
    What came as a photograph, JPEG or HEIC, is stored as JPEG (quality 85), all else without loss: a mask must stay as
    it is.
    """
    form = check_type(data, content_type)
    use = idempotency.Use(
        platform_id, user, idempotency.Scope.UPLOAD, idempotency_key, digest(data)
    )
    if earlier := find_earlier(use):
        return earlier
    check_room(platform_id)
    image = decode_apart(data)
    folder = upload_folder(datetime.now(UTC).date(), platform_id, new_id())
    encoder = encode_photo if form in PHOTOS else encode_picture
    # First, so that a sweep finds what is left by a process that dies before the artifact's row is written.
    UploadFolder.objects.create(folder=folder, platform_id=platform_id, user=user)
    stored = save_picture(image, folder=folder, name="0", label=labels.NONE, encoder=encoder)
    try:
        return record_upload(stored, use)
    except Exception as error:
        delete_unless_recorded(stored)
        # The key was used by a request that ran beside this one and has committed since.
        if isinstance(error, IntegrityError) and (earlier := find_earlier(use)):
            return earlier
        raise


def look_at_picture(data: bytes, content_type: str) -> Image.Image:
    """Return the pixels that `take_picture` would store; raise as it does. Nothing is stored."""
    check_type(data, content_type)
    return decode_apart(data)


def look_at_holes(data: bytes, content_type: str) -> Image.Image:
    """Return where a picture is transparent, white on black, in the size of its pixels; raise as `take_picture` does.
    Nothing is stored."""
    check_type(data, content_type)
    return decode_apart(data, HOLES)


def digest(data: bytes) -> str:
    """Return the SHA-256 of what was sent."""
    return hashlib.sha256(data).hexdigest()


def find_earlier(use: idempotency.Use) -> Artifact | None:
    """Return what this key made before; raise IdempotencyKeyReused when that was of other bytes."""
    earlier = idempotency.find_earlier(use)
    return Artifact.objects.filter(pk=earlier).first() if earlier else None


@transaction.atomic
def record_upload(stored: StoredFile, use: idempotency.Use) -> Artifact:
    """Write the row of an upload, and of its key where it has one, or nothing at all."""
    artifact_id = record_artifact(stored, platform_id=use.platform_id, user=use.user)
    UploadFolder.objects.filter(folder=folder_of(stored.key)).delete()
    idempotency.keep(use, artifact_id)
    return Artifact.objects.get(pk=artifact_id)


def delete_unless_recorded(stored: StoredFile) -> None:
    """Delete the files of an upload without a row; while nobody can say whether it has one, they stay."""
    try:
        is_recorded = Artifact.objects.filter(key=stored.key).exists()
    except Error:
        logger.exception("it is not known whether a row names it: %s", stored.key)
        return
    if not is_recorded:
        delete_files(stored)


def check_type(data: bytes, content_type: str) -> str:
    """Return the format; refuse what is no picture by its first bytes, or another one than it is said to be."""
    content_type = OTHER_NAMES.get(content_type, content_type)
    found = find_format(data)
    declared = found if content_type in UNKNOWN_TYPES else decoding.TYPES.get(content_type)
    if declared is None:
        message = gettext_noop("Send a picture of one of these types, and say which: %(types)s.")
        raise refuse("unsupported_type", message, types=", ".join(decoding.TYPES))
    if not found:
        raise refuse("unreadable", UNREADABLE)
    if found != declared:
        message = gettext_noop("The bytes are %(found)s, the content type says %(declared)s.")
        raise refuse("type_differs", message, found=found, declared=declared)
    return found


def decode_apart(data: bytes, program: str = "") -> Image.Image:
    """Return fresh RGB pixels, made by a process that may die of them: what is seen, or what another program makes."""
    done = run_in_turn(program or PROGRAM, [str(settings.UPLOAD_LONGEST_SIDE_PIXELS)], [data])
    head, _, pixels = done.stdout.partition(b"\n")
    match head.decode(errors="replace").split():
        case ["ok", width, height]:
            return Image.frombytes("RGB", (int(width), int(height)), pixels)
        case ["refused", code]:
            raise refuse_code(code)
        case _:
            raise unread(done)


def run_in_turn(
    program: str, words: Sequence[str], given: Iterable[bytes]
) -> "subprocess.CompletedProcess[bytes]":
    """Return what a program wrote that looks at what a caller waits for; raise UploadsBusy when it gets no turn or no
    time."""
    try:
        with taking_turns(turns, TURN_SECONDS), TemporaryFile() as file:
            file.writelines(given)
            file.seek(0)
            return apart.run(program, words, file, patience_seconds=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise busy() from error


@contextmanager
def taking_turns(places: threading.BoundedSemaphore, seconds: float) -> Iterator[None]:
    """Have one of a few places; raise UploadsBusy when none comes free in so many seconds, or too many wait already."""
    if not places.acquire(blocking=False):
        if not waiters.acquire(blocking=False):
            raise busy()
        try:
            is_taken = places.acquire(timeout=seconds)
        finally:
            waiters.release()
        if not is_taken:
            raise busy()
    try:
        yield
    finally:
        places.release()


def busy() -> UploadsBusy:
    """Return the refusal for now."""
    return UploadsBusy(
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)}, seconds=RETRY_AFTER_SECONDS
    )


def unread(done: "subprocess.CompletedProcess[bytes]") -> InvalidRequest:
    """Return the refusal of what the program could not read, or died of; staff find its last words in the log."""
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    logger.info("upload not read: rc %s, %.200r", done.returncode, last)
    return refuse("unreadable", UNREADABLE)


def refuse_code(code: str) -> InvalidRequest:
    """Return the refusal that a program gave a picture."""
    return refuse(code, REASONS[code], limit=LIMITS.get(code))


def refuse(code: str, message: str, **params: object) -> InvalidRequest:
    """Return the refusal of the file."""
    return InvalidRequest(errors=[FieldError(FIELD, code, message, params)])
