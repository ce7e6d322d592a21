"""Files that go to the bucket where they belong: what is withheld into its own and back, all else once, when an
operator splits a bucket.

The store copies by itself, and what was copied is looked at before it is deleted where it was: a move that dies
half-way leaves a file in two places, which the next one mends.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from botocore.exceptions import ClientError
from django.core.files.storage import default_storage

from storage.buckets import BucketStorage
from storage.erasing import find_withheld
from storage.orphans import is_named
from storage.purposes import home_of, list_buckets, withheld_bucket
from storage.services import KEYS

logger = logging.getLogger(__name__)
NOT_FOUND: Final = 404
# What is younger and has no row may be under way: whoever stores it must find it where it was put.
UNTOUCHED: Final = timedelta(hours=2)


class NotMoved(Exception):
    """The store says that it copied a file, and the copy is of another size."""


@dataclass
class Moved:
    """What a move did: what was moved, what was where it belongs, and what may be under way and was left."""

    files: int = 0
    size_bytes: int = 0
    stayed: int = 0
    young: int = 0


def settle_withheld() -> Moved:
    """Move withheld files into the bucket that is for them, and those that their owners have again back.

    Both sides are compared as they are at this moment, so nothing that a dead process left undone stays so.
    """
    apart, moved = withheld_bucket(), Moved()
    if apart is None:
        return moved
    named = list_withheld_keys()
    there = {one.key for one in apart.list_files("")}
    others = [one for one in list_buckets() if one.bucket_name != apart.bucket_name]
    for key in sorted(named - there):
        for place in others:
            move(key, place, apart, moved)
    for key in sorted(there - named):
        # One that no row names any more goes with its folder.
        if is_named(key) and (home := home_of(key)):
            move(key, apart, home, moved)
    return moved


def move_all(source: BucketStorage, *, is_dry: bool = False) -> Moved:
    """Move every file of a bucket that belongs into another one; said again, what is left. Dry: only count them."""
    moved, withheld, apart = Moved(), list_withheld_keys(), withheld_bucket()
    until = datetime.now(UTC) - UNTOUCHED
    for one in source.list_files(""):
        target = apart if apart and one.key in withheld else home_of(one.key)
        if target is None or target.bucket_name == source.bucket_name:
            moved.stayed += 1
        elif one.changed_at > until and not is_named(one.key):
            moved.young += 1
        elif is_dry:
            moved.files += 1
            moved.size_bytes += one.size_bytes
        else:
            move(one.key, source, target, moved)
    return moved


def list_withheld_keys() -> set[str]:
    """Return where the files lie that are kept from their owners, with what was drawn of them."""
    rows = find_withheld().values_list("has_thumbnail", "thumbnail_key", *KEYS)
    return {
        key
        for has_thumbnail, thumbnail_key, *keys in rows.iterator()
        for key in keys
        if key and (has_thumbnail or key != thumbnail_key)
    }


def move(key: str, source: BucketStorage, target: BucketStorage, moved: Moved) -> None:
    """Move a file from one bucket to another, and count it; one that is not there is passed over.

    Raises what the store raises, NotMoved where the copy is not as large.
    """
    was_named = is_named(key)
    try:
        size_bytes = source.size(key)
        target.take_copy(key, source)
    except (FileNotFoundError, ClientError) as error:
        if isinstance(error, ClientError) and status_of(error) != NOT_FOUND:
            raise
        return
    if target.size(key) != size_bytes:
        raise NotMoved(f"{key}: {target.bucket_name} has another size than {source.bucket_name}")
    source.delete(key)
    if was_named and not is_named(key):
        # Deleted while it was copied: nobody would look for the copy.
        default_storage.delete(key)
        return
    moved.files += 1
    moved.size_bytes += size_bytes
    logger.info("moved from %s to %s: %s", source.bucket_name, target.bucket_name, key)


def status_of(error: ClientError) -> int:
    """Return with which status a store refused."""
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
