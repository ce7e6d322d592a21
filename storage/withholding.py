"""Pictures that nobody but staff may have: kept where they are, and seen by no read of their owners'."""

import uuid
from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from storage.models import Artifact, Edit


def withhold(key: str) -> list[uuid.UUID]:
    """Keep every picture of this file, and what edits made of them, from everybody but staff, and return their ids:
    several orders may have it.

    In the caller's transaction. Who makes another one of them at this moment holds them until it is there: it is looked
    for again after each wait.
    """
    found: set[uuid.UUID] = set()
    while newest := lock(Q(key=key) | Q(edit__in=find_edits_of(found)), found):
        found |= newest
    Artifact.objects.filter(pk__in=found, withheld_at=None).update(withheld_at=Now())
    return sorted(found)


def give_back(key: str) -> None:
    """Let every owner of this file have it again, and what edits made of it; but for those that show another picture
    that is withheld."""
    newest = set(Artifact.objects.filter(key=key).values_list("pk", flat=True))
    while newest:
        Artifact.objects.filter(pk__in=newest).update(withheld_at=None)
        free = find_edits_of(newest).exclude(parent__withheld_at__isnull=False)
        free = free.exclude(logos__withheld_at__isnull=False)
        made = Artifact.objects.filter(edit__in=free, withheld_at__isnull=False)
        newest = set(made.values_list("pk", flat=True))


def find_edits_of(artifact_ids: Collection[uuid.UUID]) -> QuerySet[Edit]:
    """Return the edits that show one of these pictures."""
    shows = Q(parent__in=artifact_ids) | Q(logos__in=artifact_ids)
    return Edit.objects.filter(pk__in=Edit.objects.filter(shows).values("pk"))


def lock(which: Q, known: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Lock pictures that are not known yet, always in the same order, and return their ids."""
    rows = Artifact.objects.filter(which).exclude(pk__in=known).order_by("pk")
    return set(rows.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
