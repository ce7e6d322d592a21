"""Every change to stored files. `save_picture` writes files and no row; `record_artifact` writes the row, in the
transaction that publishes it: files before, rows after."""

import hashlib
import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import Any, Final

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from PIL import Image

from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import new_id
from genhub.lib.planned import planned_cursor
from genhub.retention.rules import Gone
from storage.content import StoredFile
from storage.decoding import decode_own
from storage.encoding import THUMBNAIL_TYPE, Encoded, encode_thumbnail
from storage.files import local_storage
from storage.keys import DIGITS, THUMBNAIL
from storage.labels import Label
from storage.media import encode_picture
from storage.models import SHOWN, Artifact, Edit
from storage.purposes import read_whole
from storage.reviews import ReviewState, first_state
from storage.selectors import read_bytes

logger = logging.getLogger(__name__)
# What a row says of its file.
FACTS: Final = (
    "key", "thumbnail_key", "sha256", "content_type", "size_bytes", "width", "height", "seconds", "fps", "codec",
    "has_audio", "poster_key", "preview_key",
)  # fmt: skip
# How staff stand with publishing it, and what it shows: of one file alike, since all of its rows are one platform's.
STANDING: Final = ("review", "review_reason", "alt")
# Of a file, and of what was drawn of it.
KEYS: Final = ("key", "thumbnail_key", "poster_key", "preview_key")
# Those of SHOWN.
KEEP: Final = """
    SELECT id, review, review_reason FROM storage_artifact
     WHERE id = ANY (%s) AND withheld_at IS NULL AND gone_at IS NULL
     ORDER BY id FOR NO KEY UPDATE
"""
# Each has its own connection to the bucket, made once.
couriers = ThreadPoolExecutor(8, thread_name_prefix="put")


def save_picture(
    image: Image.Image,
    *,
    folder: str,
    name: str,
    label: Label,
    encoder: Callable[[Image.Image, Label], Encoded] = encode_picture,
) -> StoredFile:
    """Encode, label and store a picture and its thumbnail; the same bytes again are written to the same place."""
    make_thumbnail = partial(encode_thumbnail, image, label)
    encoded = encoder(image, label)
    return save_encoded(encoded, image.size, make_thumbnail, stem=f"{folder}{name}")


def save_encoded(
    encoded: Encoded,
    size: tuple[int, int],
    make_thumbnail: Callable[[], bytes],
    *,
    stem: str,
    artifact_id: uuid.UUID | None = None,
) -> StoredFile:
    """Store a picture of this width and height in pixels, and its thumbnail."""
    stored = describe_file(
        stem,
        encoded.extension,
        hashlib.sha256(encoded.data).hexdigest(),
        content_type=encoded.content_type,
        size_bytes=len(encoded.data),
        width=size[0],
        height=size[1],
        artifact_id=artifact_id,
    )
    put_files(stored, ContentFile(encoded.data), make_thumbnail)
    return stored


def describe_file(stem: str, extension: str, sha256: str, **facts: Any) -> StoredFile:
    """Return the facts of a file that is about to be stored, and where: its name has its digest in it.

    So no late writer puts other bytes in the place of those that a row tells of: signatures are never the same twice.
    """
    named = f"{stem}-{sha256[:DIGITS]}"
    return StoredFile(
        key=f"{named}{extension}", thumbnail_key=f"{named}{THUMBNAIL}", sha256=sha256, **facts
    )


def put_files(stored: StoredFile, file: "File[bytes]", make_thumbnail: Callable[[], bytes]) -> None:
    """Store a file and its thumbnail, or nothing; the thumbnail is made and put while the file is on its way."""
    put_beside(stored, file, lambda: put_thumbnail(stored.thumbnail_key, make_thumbnail()))


def put_beside(stored: StoredFile, file: "File[bytes]", act: Callable[[], None]) -> None:
    """Store a file, and do something else while it is on its way.

    What was put is deleted when the rest cannot be: files without a row would stay for ever, and a folder is one
    attempt's or one upload's alone.
    """
    try:
        on_its_way = begin(put, stored.key, file, stored.content_type)
        try:
            act()
        finally:
            # Nobody else may read the file, or delete what is there, before it has come to an end.
            wait([on_its_way])
        on_its_way.result()
    except Exception:
        delete_files(stored)
        raise


def put_thumbnail(key: str, data: bytes) -> None:
    """Store a thumbnail."""
    put(key, ContentFile(data), THUMBNAIL_TYPE)


def begin(act: Callable[..., None], *words: object) -> Future[None]:
    """Do something beside this thread where the store is another machine's, else now."""
    if local_storage() is None:
        return couriers.submit(act, *words)
    done: Future[None] = Future()
    try:
        act(*words)
    except Exception as error:  # noqa: BLE001 (whoever asks for the result gets it)
        done.set_exception(error)
    else:
        done.set_result(None)
    return done


def put(key: str, file: "File[bytes]", content_type: str) -> None:
    """Store a file; a bucket is told what it is, since not every system's table of types knows WebP."""
    file.content_type = content_type  # type: ignore[attr-defined]  # read by S3Storage
    default_storage.save(key, file)


def delete_files(stored: StoredFile) -> None:
    """Delete what was put of a picture that has no row; a file that cannot be deleted is logged and stays."""
    for key in stored.list_keys():
        try:
            default_storage.delete(key)
        except Exception:
            logger.exception("not deleted, and no row names it: %s", key)


def delete_unnamed(folder: str, *, weighs: bool = False) -> Gone:
    """Delete the files of an attempt's or upload's folder that no artifact names, and return how many; their bytes too
    where they are to be weighed, at a question to the store each.

    Only for folders that nobody writes into any more. Raises what the store raises.
    """
    files, unnamed = find_unnamed(folder)
    size_bytes = 0
    for key in unnamed:
        size_bytes += size_of(key) if weighs else 0
        default_storage.delete(key)
    if files and unnamed == files and (store := local_storage()):
        # Somebody else may just have done so.
        with suppress(OSError):
            store.delete(folder)
    return Gone(files=len(unnamed), size_bytes=size_bytes)


def find_unnamed(folder: str) -> tuple[set[str], set[str]]:
    """Return the keys of a folder's files, and those of them that no artifact names.

    The database is asked after the files were listed: an artifact that was in doubt before is seen.
    """
    files = {f"{folder}{name}" for name in list_names(folder)}
    if not files:
        return files, files
    there = Artifact.objects.filter(key__startswith=folder, gone_at=None)
    named = there.values_list(*KEYS)
    return files, files.difference(*named)


def weigh_unnamed(folder: str) -> Gone:
    """Return what `delete_unnamed` would delete."""
    _files, unnamed = find_unnamed(folder)
    return Gone(files=len(unnamed), size_bytes=sum(map(size_of, unnamed)))


def size_of(key: str) -> int:
    """Return a file's size in bytes, 0 when it has gone meanwhile."""
    try:
        return default_storage.size(key)
    except FileNotFoundError:
        return 0


def list_names(folder: str) -> list[str]:
    """Return the names of the files in a folder of the store; none where there is no such folder."""
    try:
        return [name for name in default_storage.listdir(folder)[1] if name]
    except FileNotFoundError:
        return []


def record_artifact(
    stored: StoredFile, *, platform_id: uuid.UUID, user: str, is_withheld: bool = False
) -> uuid.UUID:
    """Give a stored picture to its owner, or keep it from everybody but staff, and return the artifact's id."""
    row = artifact_of(stored, platform_id=platform_id, user=user)
    row.withheld_at = Now() if is_withheld else None
    row.review = first_state(row.key, platform_id)
    row.save(force_insert=True)
    if stored.operations:
        tell_operations([row], stored.operations)[0].save(force_insert=True)
    return row.pk


def artifact_of(
    stored: StoredFile, *, platform_id: uuid.UUID, user: str, asks_approval: bool = False
) -> Artifact:
    """Return a stored picture as its owner's, not yet written, which waits where its platform asks for approval."""
    facts = {name: getattr(stored, name) for name in FACTS}
    row = Artifact(id=stored.artifact_id or new_id(), platform_id=platform_id, user=user, **facts)
    row.has_thumbnail = stored.undrawn is None
    row.review = ReviewState.WAITING if asks_approval else ""
    return row


def tell_operations(
    rows: Sequence[Artifact], operations: Sequence[Mapping[str, Any]]
) -> list[Edit]:
    """Return what tells that this was done with each of some pictures of a model, not yet written, if anything was."""
    return [
        Edit(artifact=row, operations=list(operations), is_generated=True)
        for row in rows
        if operations
    ]


def read_stored(stored: StoredFile) -> Image.Image:
    """Return the RGB pixels of what was stored and has no row yet, from the file where that is at hand, of a clip those
    of its thumbnail; raise whatever the store or Pillow raises."""
    if file := stored.undrawn:
        file.seek(0)
        return decode_own(file.read())
    return decode_own(read_whole(stored.key if stored.seconds is None else stored.thumbnail_key))


def keep_pictures(artifact_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """Keep these pictures until the transaction ends, and return those that there are and their owners have, with how
    staff stand with each: no decision comes between.

    One that is being deleted is waited for, and is none of them. Always in one order: no two wait for each other.
    """
    with planned_cursor() as cursor:
        cursor.execute(KEEP, [list(artifact_ids)])
        return {artifact_id: standing for artifact_id, *standing in cursor.fetchall()}


def copy_artifacts(
    rows: Sequence[Artifact], *, platform_id: uuid.UUID, user: str
) -> list[Artifact]:
    """Return stored pictures, which the transaction keeps (`keep_pictures`), as another order's: rows of their own, not
    yet written, that name the same files. A file goes with the last row that names it."""
    return [
        Artifact(
            id=new_id(), platform_id=platform_id, user=user, has_thumbnail=row.has_thumbnail,
            **{name: getattr(row, name) for name in (*FACTS, *STANDING)},
        )
        for row in rows
    ]  # fmt: skip


def use_pictures(artifact_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Note, in an order's transaction, that it starts from these pictures; return those that there are, kept."""
    found = set(keep_pictures(artifact_ids))
    Artifact.objects.filter(pk__in=found, used_at=None).update(used_at=Now())
    return found


def folder_of(key: str) -> str:
    """Return the folder of a file."""
    return f"{key.rpartition('/')[0]}/"


def open_picture(artifact_id: uuid.UUID, *, platform_id: uuid.UUID) -> Image.Image:
    """Return the RGB pixels of a platform's picture; raise NotFound when there is none, RefusedPicture when it is too
    large, or whatever the store or Pillow raises."""
    row = Artifact.objects.filter(SHOWN, pk=artifact_id, platform_id=platform_id).first()
    if row is None:
        raise NotFound(thing=gettext_noop("picture"))
    return decode_own(read_bytes(row))
