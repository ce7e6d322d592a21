"""The picture that shows what a published version of a template makes: a small JPEG, chosen by staff, seen by each app.

It is a copy of its own: what becomes of the picture that it was taken from does not touch it.
"""

import uuid
from collections.abc import Collection
from typing import Final

from templates.models import VersionPicture

LARGEST_BYTES: Final = 200_000


def set_picture(version_id: uuid.UUID, jpeg: bytes) -> None:
    """Let a version be shown by this picture from now on."""
    if len(jpeg) > LARGEST_BYTES:
        raise ValueError("an example picture is a thumbnail")
    VersionPicture.objects.update_or_create(version_id=version_id, defaults={"jpeg": jpeg})


def remove_picture(version_id: uuid.UUID) -> bool:
    """Let a version be shown by its name alone; False where it was."""
    return bool(VersionPicture.objects.filter(version_id=version_id).delete()[0])


def find_shown(version_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these versions have a picture."""
    rows = VersionPicture.objects.filter(version_id__in=version_ids)
    return set(rows.values_list("version_id", flat=True))


def read_picture(version_id: uuid.UUID) -> bytes | None:
    """Return the picture of a version, None where it has none."""
    row = VersionPicture.objects.filter(version_id=version_id).first()
    return bytes(row.jpeg) if row else None
