"""From which pictures a picture comes."""

import uuid
from collections.abc import Sequence

from django.db.models import QuerySet

from storage.keys import OUTPUTS
from storage.models import Artifact, Edit


def is_any_generated(pictures: Sequence[Artifact]) -> bool:
    """Return whether a model made one of these pictures, or what it was edited from."""
    if any(picture.key.startswith(OUTPUTS) for picture in pictures):
        return True
    return Edit.objects.filter(pk__in=[one.pk for one in pictures], is_generated=True).exists()


def find_edit(artifact_id: uuid.UUID) -> Edit | None:
    """Return what is known of the making of an edited picture; None of one that is no edit."""
    return Edit.objects.filter(pk=artifact_id).first()


def find_edits(parent: Artifact) -> QuerySet[Artifact]:
    """Return the pictures of the same owner that were made of one."""
    rows = Artifact.objects.filter(platform_id=parent.platform_id, user=parent.user)
    return rows.filter(edit__parent=parent).select_related("edit")
