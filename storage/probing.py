"""Whether the store does what it is for: writes a file, reads the same back, deletes it, and finds it gone."""

import os
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from genhub.lib.ids import new_id

PROBES: Final = "probes/"
SIZE_BYTES: Final = 1024


class StoreLies(Exception):
    """The store said that it did what it did not."""


def probe_store() -> None:
    """Write, read and delete a small file; raise StoreLies, or whatever the store raises."""
    key, data = f"{PROBES}{new_id().hex}", os.urandom(SIZE_BYTES)
    name = default_storage.save(key, ContentFile(data))
    try:
        with default_storage.open(name) as file:
            found = file.read()
        if found != data:
            raise StoreLies(f"{key}: {len(found)} other bytes came back than were written")
    finally:
        default_storage.delete(name)
    if default_storage.exists(name):
        raise StoreLies(f"{key} is still there after it was deleted")
