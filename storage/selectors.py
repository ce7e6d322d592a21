"""Every read of stored files; each starts from its owner."""

import uuid
from pathlib import Path

from django.core.files.storage import default_storage

from genhub.lib.ids import from_wire
from genhub.lib.once import once
from storage.files import local_storage
from storage.models import Artifact

PREFIX = "art"


@once
def find_artifact(platform_id: uuid.UUID, user: str | None, wire_id: str) -> Artifact | None:
    """Return an artifact of a platform (and user, unless None), or None when there is none such among theirs."""
    artifact_id = from_wire(PREFIX, wire_id)
    rows = Artifact.objects.filter(pk=artifact_id, platform_id=platform_id)
    if user is not None:
        rows = rows.filter(user=user)
    return rows.first()


def sign_link(artifact: Artifact, *, thumbnail: bool = False) -> str:
    """Return a link that works for a few minutes, for the picture or its thumbnail, if it has one yet."""
    is_small = thumbnail and artifact.has_thumbnail
    return default_storage.url(artifact.thumbnail_key if is_small else artifact.key)


def read_bytes(artifact: Artifact) -> bytes:
    """Return the stored picture."""
    with default_storage.open(artifact.key) as file:
        data: bytes = file.read()
    return data


def local_path(wire_id: str) -> Path | None:
    """Return where a picture lies on this machine, or None when it lies in a bucket or is unknown. For operators."""
    artifact = Artifact.objects.filter(pk=from_wire(PREFIX, wire_id)).first()
    store = local_storage()
    return Path(store.path(artifact.key)) if artifact and store else None
