"""Reads of what moderation found, for staff."""

from typing import Final

from generation.models import Finding
from genhub.lib.prepared import PreparedCount


def count_open() -> int:
    """Return how many pictures and flagged orders wait for a decision."""
    return OPEN.count()


OPEN: Final = PreparedCount(
    lambda: Finding.objects.filter(state=Finding.State.OPEN, task__isnull=False)
)
