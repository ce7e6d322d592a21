"""Reads of what moderation found, for staff."""

from django.db.models import QuerySet

from generation.models import Finding


def list_open() -> QuerySet[Finding]:
    """Return the pictures and flagged orders that wait for a decision."""
    return Finding.objects.filter(state=Finding.State.OPEN, task__isnull=False)
