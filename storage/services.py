"""Every change to stored files. `save_picture` writes files and no row; `record_artifact` writes the row, in the
transaction that publishes it: files before, rows after."""

import hashlib
import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import TypeVar

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from PIL import Image

from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import new_id
from genhub.platforms import idempotency
from genhub.retention.rules import Gone
from storage.content import StoredFile
from storage.decoding import decode_own
from storage.files import local_storage
from storage.media import EXTENSIONS, THUMBNAIL_TYPE, Encoded, encode_picture, encode_thumbnail
from storage.models import Artifact, UploadFolder
from storage.selectors import read_bytes

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
# Each has its own connection to the bucket, made once.
couriers = ThreadPoolExecutor(8, thread_name_prefix="put")


def save_picture(
    image: Image.Image,
    *,
    folder: str,
    name: str,
    label: bytes,
    encoder: Callable[[Image.Image, bytes], Encoded] = encode_picture,
) -> StoredFile:
    """Encode, label and store a picture and its thumbnail under deterministic keys; a repetition writes the same."""
    data, content_type, extension = encoder(image, label)
    stored = StoredFile(
        key=f"{folder}{name}{extension}",
        thumbnail_key=name_thumbnail(folder, name),
        sha256=hashlib.sha256(data).hexdigest(),
        content_type=content_type,
        size_bytes=len(data),
        width=image.width,
        height=image.height,
    )
    put_files(stored, ContentFile(data), partial(encode_thumbnail, image, label))
    return stored


def name_thumbnail(folder: str, name: str) -> str:
    """Return the key of a picture's thumbnail."""
    return f"{folder}{name}_thumbnail.jpg"


def put_files(stored: StoredFile, file: "File[bytes]", make_thumbnail: Callable[[], bytes]) -> None:
    """Store a file and its thumbnail, or nothing; the thumbnail is made and put while the file is on its way."""
    put_beside(stored, file, lambda: put_thumbnail(stored.thumbnail_key, make_thumbnail()))


def put_beside(stored: StoredFile, file: "File[bytes]", act: Callable[[], Result]) -> Result:
    """Store a file, and do something else while it is on its way; return what that returned.

    What was put is deleted when the rest cannot be: files without a row would stay for ever, and a folder is one
    attempt's or one upload's alone.
    """
    try:
        on_its_way = begin(put, stored.key, file, stored.content_type)
        try:
            result = act()
        finally:
            # Nobody else may read the file, or delete what is there, before it has come to an end.
            wait([on_its_way])
        on_its_way.result()
    except Exception:
        delete_files(stored)
        raise
    return result


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
    for key in (stored.key, stored.thumbnail_key):
        try:
            default_storage.delete(key)
        except Exception:
            logger.exception("not deleted, and no row names it: %s", key)


def delete_unnamed(folder: str, names: Iterable[str] = (), *, weighs: bool = False) -> Gone:
    """Delete the files of an attempt's or upload's folder that no artifact names, and return how many; their bytes too
    where they are to be weighed, at a question to the store each.

    Only for folders that nobody writes into any more; `names` are those of pictures that may lie there, for a store
    that is slow to list them. Raises what the store raises.
    """
    files, unnamed = find_unnamed(folder, names)
    size_bytes = 0
    for key in unnamed:
        size_bytes += size_of(key) if weighs else 0
        default_storage.delete(key)
    if files and unnamed == files and (store := local_storage()):
        # Somebody else may just have done so.
        with suppress(OSError):
            store.delete(folder)
    return Gone(files=len(unnamed), size_bytes=size_bytes)


def find_unnamed(folder: str, names: Iterable[str] = ()) -> tuple[set[str], set[str]]:
    """Return the keys of a folder's files, and those of them that no artifact names.

    The database is asked after the files were listed: an artifact that was in doubt before is seen.
    """
    files = {f"{folder}{name}" for name in list_names(folder)}
    for name in names:
        files |= {f"{folder}{name}{extension}" for extension in EXTENSIONS.values()}
        files.add(name_thumbnail(folder, name))
    if not files:
        return files, files
    named = Artifact.objects.filter(key__startswith=folder).values_list("key", "thumbnail_key")
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


def record_artifact(stored: StoredFile, *, platform_id: uuid.UUID, user: str) -> uuid.UUID:
    """Give a stored picture to its owner and return the artifact's id."""
    facts = {name: value for name, value in vars(stored).items() if name != "undrawn"}
    row = Artifact(id=new_id(), platform_id=platform_id, user=user, **facts)
    row.has_thumbnail = stored.undrawn is None
    row.save(force_insert=True)
    return row.pk


def use_pictures(artifact_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Note, in an order's transaction, that it starts from these pictures; return those that there are.

    Each is held until the transaction ends: one that is being deleted is waited for and then is none of them, one that
    is found can no longer be deleted. Always in the same order, so that two orders do not wait for each other.
    """
    rows = Artifact.objects.filter(pk__in=artifact_ids).order_by("pk")
    found = set(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    Artifact.objects.filter(pk__in=found, used_at=None).update(used_at=Now())
    return found


def forget_uploads(rows: Sequence[Artifact]) -> Gone:
    """Delete the rows and keys of uploads, locked by the caller's transaction, and note where their files lie.

    Rows go before files: a row never names a file that has gone, and what a dead process leaves is found by the folder.
    """
    ids = [row.pk for row in rows]
    idempotency.forget(idempotency.Scope.UPLOAD, ids)
    # As old as the upload, so that nothing waits for these files to grow older.
    folders = [UploadFolder(folder=folder_of(row.key), created_at=row.created_at) for row in rows]
    UploadFolder.objects.bulk_create(folders, ignore_conflicts=True)
    Artifact.objects.filter(pk__in=ids).delete()
    return Gone(rows=len(ids))


def folder_of(key: str) -> str:
    """Return the folder of a file."""
    return f"{key.rpartition('/')[0]}/"


def open_picture(artifact_id: uuid.UUID, *, platform_id: uuid.UUID) -> Image.Image:
    """Return the RGB pixels of a platform's picture; raise NotFound when there is none, RefusedPicture when it is too
    large, or whatever the store or Pillow raises."""
    row = Artifact.objects.filter(pk=artifact_id, platform_id=platform_id).first()
    if row is None:
        raise NotFound(thing=gettext_noop("picture"))
    return decode_own(read_bytes(row))
