"""Files in several buckets by what they are for, each an operator's to guard, encrypt and expire as it needs.

A file's key decides where it goes. It is read from wherever it lies: from its own bucket, from the one of withheld
files, or from the usual one, where all lay before they were split. So rows never change, and a move may take its time.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, Final

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages

from storage.buckets import BucketStorage
from storage.keys import INCOMING, UPLOADS, is_drawn

UPLOADED: Final = "uploads"
DRAWN: Final = "previews"
WITHHELD: Final = "withheld"
# While a file is moved it lies in both; but who has just looked where it was not yet may miss it where it was.
LOOKS: Final = 2


class SeveralBuckets(Storage):
    """Buckets of one store: the usual one of `options` (as BucketStorage has them), and those of `buckets` by purpose:
    `uploads`, `previews`, `withheld`. A purpose without one is served by the usual one."""

    def __init__(self, *, buckets: Mapping[str, str], **options: Any) -> None:
        self.usual = BucketStorage(**options)
        self.others = {
            purpose: BucketStorage(**options | {"bucket_name": name})
            for purpose, name in buckets.items()
        }

    def home_of(self, name: str) -> BucketStorage:
        """Return the bucket that a file goes to."""
        if is_drawn(name):
            return self.others.get(DRAWN, self.usual)
        is_uploaded = name.startswith((UPLOADS, INCOMING))
        return self.others.get(UPLOADED, self.usual) if is_uploaded else self.usual

    def list_places(self, name: str) -> list[BucketStorage]:
        """Return the buckets that a file may lie in, the likeliest first."""
        places = [self.home_of(name), self.others.get(WITHHELD, self.usual), self.usual]
        return list({place.bucket_name: place for place in places}.values())

    def list_buckets(self) -> list[BucketStorage]:
        """Return every bucket, once."""
        found = [self.usual, *self.others.values()]
        return list({place.bucket_name: place for place in found}.values())

    def find(self, name: str) -> BucketStorage | None:
        """Return the bucket that a file lies in, None where it lies in none."""
        places = self.list_places(name) * LOOKS
        return next((place for place in places if place.exists(name)), None)

    def save(self, name: str | None, content: "IO[Any] | File[Any]", max_length: int | None = None) -> str:  # fmt: skip
        """Store a file where it belongs, and return its name."""
        return str(self.home_of(name or "").save(name, content, max_length))

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """Open a file wherever it lies."""
        for place in self.list_places(name) * LOOKS:
            try:
                opened: File[bytes] = place.open(name, mode)
            except FileNotFoundError:
                continue
            return opened
        raise FileNotFoundError(name)

    def read_whole(self, name: str) -> bytes:
        """Return a file's bytes, wherever it lies."""
        for place in self.list_places(name) * LOOKS:
            with suppress(FileNotFoundError):
                return place.read_whole(name)
        raise FileNotFoundError(name)

    def delete(self, name: str) -> None:
        """Delete a file wherever it lies."""
        for place in self.list_places(name):
            place.delete(name)

    def exists(self, name: str) -> bool:
        """Return whether a file is in any place."""
        return self.find(name) is not None

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        place = self.find(name)
        if place is None:
            raise FileNotFoundError(name)
        return int(place.size(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of folders and files that a folder has in any bucket."""
        folders: set[str] = set()
        files: set[str] = set()
        for place in self.list_buckets():
            inner, here = place.listdir(path)
            folders.update(inner)
            files.update(here)
        return sorted(folders), sorted(files)

    def url(self, name: str | None, *args: Any, **words: Any) -> str:
        """Return a signed link to where a file lies: the store is asked once, where that may be in several places."""
        places = self.list_places(name or "")
        place = self.find(name or "") if len(places) > 1 else None
        return (place or places[0]).url(name or "", *args, **words)


def list_buckets() -> list[BucketStorage]:
    """Return every bucket of the hub, none where files lie on this machine."""
    store = storages["default"]
    if isinstance(store, SeveralBuckets):
        return store.list_buckets()
    return [store] if isinstance(store, BucketStorage) else []


def home_of(name: str) -> BucketStorage | None:
    """Return the bucket that a file goes to, None where files lie on this machine."""
    store = storages["default"]
    if isinstance(store, SeveralBuckets):
        return store.home_of(name)
    return store if isinstance(store, BucketStorage) else None


def read_whole(name: str) -> bytes:
    """Return a stored file's bytes; raise FileNotFoundError, or what the store raises."""
    store = storages["default"]
    if isinstance(store, SeveralBuckets | BucketStorage):
        return store.read_whole(name)
    with store.open(name) as file:
        return bytes(file.read())


def withheld_bucket() -> BucketStorage | None:
    """Return the bucket of withheld files, None where they stay where they are."""
    store = storages["default"]
    return store.others.get(WITHHELD) if isinstance(store, SeveralBuckets) else None


def open_bucket(name: str) -> BucketStorage:
    """Return another bucket of the same store and keys."""
    options = dict(settings.STORAGES["default"]["OPTIONS"])
    options.pop("buckets", None)
    return BucketStorage(**options | {"bucket_name": name})
