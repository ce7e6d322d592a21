"""The pictures that a user likes: marks on the user's own rows, which go with them."""

import uuid

from django.db.models import QuerySet
from django.db.models.functions import Now

from storage.models import SHOWN, Artifact


def like(artifact: Artifact) -> None:
    """Mark a picture as a favourite of its owner; marked twice, the first time stays."""
    Artifact.objects.filter(pk=artifact.pk, favourite_at=None).update(favourite_at=Now())


def unlike(artifact: Artifact) -> None:
    """Take the mark away; the picture stays."""
    Artifact.objects.filter(pk=artifact.pk).update(favourite_at=None)


def find_favourites(platform_id: uuid.UUID, user: str) -> QuerySet[Artifact]:
    """Return a user's favourites."""
    return Artifact.objects.filter(
        SHOWN, platform_id=platform_id, user=user, favourite_at__isnull=False
    )
