"""How versions are used. Who orders them is known by those who take orders: a setting names them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Usage:
    """What became of the latest orders of a version, at most so many; those of the house aside."""

    # Whether there were more than were looked at.
    is_more: bool
    orders: int
    completed: int
    failed: int
    refunded: int

    @property
    def ended(self) -> int:
        """How many came to an end that says how well it works: who cancels says nothing of it."""
        return self.completed + self.failed


def find_usage(version_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Usage]:
    """Return how versions are used, by version; one that nobody ordered has none."""
    found: Mapping[uuid.UUID, Usage] = import_string(settings.VERSION_USAGE)(version_ids)
    return found
