"""Reads of what moderation found, for staff."""

from typing import Final

from generation.models import Finding
from genhub.lib.prepared import PreparedCount

# How many pictures and flagged orders wait for a decision.
OPEN: Final = PreparedCount(
    lambda: Finding.objects.filter(state=Finding.State.OPEN, task__isnull=False)
)
