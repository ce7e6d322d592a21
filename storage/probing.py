"""Whether the store does what it is for: writes a file, reads the same back, deletes it, and finds it gone."""

import contextlib
import os
from collections.abc import Sequence
from typing import Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage

from genhub.lib.ids import new_id
from storage.buckets import BucketStorage
from storage.purposes import list_buckets

PROBES: Final = "probes/"
SIZE_BYTES: Final = 1024


class StoreLies(Exception):
    """The store said that it did what it did not."""


def probe_store() -> None:
    """Write, read and delete a small file in each bucket; raise StoreLies, or whatever the store raises."""
    stores: Sequence[Storage] = list_buckets() or [default_storage]
    for store in stores:
        probe(store)


def probe(store: Storage) -> None:
    """Write, read and delete a small file there; raise as `probe_store` does."""
    key, data = f"{PROBES}{new_id().hex}", os.urandom(SIZE_BYTES)
    try:
        store.save(key, ContentFile(data))
        with store.open(key) as file:
            found = file.read()
        if found != data:
            raise StoreLies(f"{key}: {len(found)} other bytes came back than were written")
    finally:
        # What could not be written whole, too: a full disk keeps a file without bytes.
        store.delete(key)
    if store.exists(key):
        raise StoreLies(f"{key} is still there after it was deleted")


def is_open_to_all(store: BucketStorage) -> bool:
    """Return whether anybody may read a file of a bucket without a signature; raise whatever the store raises."""
    key = f"{PROBES}{new_id().hex}"
    stranger = boto3.client(
        "s3",
        region_name=store.region_name,
        endpoint_url=store.endpoint_url,
        verify=store.verify,
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": store.addressing_style}),
    )
    store.save(key, ContentFile(os.urandom(SIZE_BYTES)))
    try:
        with contextlib.suppress(ClientError):
            stranger.get_object(Bucket=store.bucket_name, Key=key)
            return True
    finally:
        store.delete(key)
    return False
