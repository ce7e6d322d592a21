"""What a picture shows, as somebody who looked at it says: kept on its row, and gone with its files."""

import uuid

from genhub.lib.limits import LONGEST_ALT
from storage.models import SHOWN, Artifact
from storage.selectors import read_thumbnail


def describe(artifact_id: uuid.UUID, alt: str) -> bool:
    """Keep what a picture shows, at most LONGEST_ALT characters; False where its owner has it no more, and nothing is
    kept."""
    rows = Artifact.objects.filter(SHOWN, pk=artifact_id)
    return bool(rows.update(alt=alt[:LONGEST_ALT]))


def read_small(artifact_id: uuid.UUID) -> bytes | None:
    """Return the thumbnail of a picture, None where it has none or its owner has it no more; raise what the store
    raises."""
    row = Artifact.objects.filter(SHOWN, pk=artifact_id, has_thumbnail=True).first()
    return read_thumbnail(row) if row else None
