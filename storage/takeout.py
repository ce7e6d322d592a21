"""What storage gives away of a platform: the rows of pictures and clips, and the files that their owners may see."""

import uuid
from collections.abc import Iterator
from typing import IO

from django.core.files.storage import default_storage

from genhub.lib.takeout import Table
from storage.models import SHOWN, Artifact

TABLES = (Table("artifacts", lambda platform_id: Artifact.objects.filter(platform=platform_id)),)
FILES = Table("files", lambda platform_id: Artifact.objects.filter(SHOWN, platform=platform_id))


def list_files(platform_id: uuid.UUID) -> Iterator[tuple[str, str]]:
    """Yield the keys of the files with their SHA-256, as the rows say; what several rows name comes several times."""
    for row in FILES.read(platform_id):
        yield row["key"], row["sha256"]


def open_file(key: str) -> "IO[bytes]":
    """Open a stored file; raise FileNotFoundError where none is."""
    opened: IO[bytes] = default_storage.open(key)
    return opened
