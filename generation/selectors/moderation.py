"""Reads of what moderation found, for staff."""

from generation.models import Finding


def count_open() -> int:
    """Return how many pictures and flagged orders wait for a decision."""
    return Finding.objects.filter(state=Finding.State.OPEN, task__isnull=False).count()
