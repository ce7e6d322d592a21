"""What a picture shows, as somebody who looked at it says: kept on its row, and gone with its files."""

import uuid

from genhub.lib.limits import LONGEST_ALT
from storage.edits.editing import Wanted, draw_preview, plan_edit
from storage.models import SHOWN, Artifact


def describe(artifact_id: uuid.UUID, alt: str) -> bool:
    """Keep what a picture shows, at most LONGEST_ALT characters; False where its owner has it no more, and nothing is
    kept."""
    rows = Artifact.objects.filter(SHOWN, pk=artifact_id)
    return bool(rows.update(alt=alt[:LONGEST_ALT]))


def draw_small(artifact_id: uuid.UUID) -> bytes | None:
    """Return a picture as pages get it, a WebP of at most 1,024 pixels a side, drawn in a process of its own; None
    where its owner has it no more.

    Raises a Problem while there is no room for that, or whatever the store raises.
    """
    row = Artifact.objects.filter(SHOWN, pk=artifact_id).first()
    return draw_preview(plan_edit(row, Wanted(()))).data if row else None
