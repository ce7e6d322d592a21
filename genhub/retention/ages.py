"""After how long each platform's data goes: as staff say for it, else as the settings say for all."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings

from genhub.platforms.models import Platform
from genhub.retention.models import Keeping

# The columns of `Keeping`, in the order in which people read them.
KINDS: Final = (
    "outputs", "edits", "uploads", "unused_uploads", "withheld", "prompts", "refused_prompts",
)  # fmt: skip


def list_ages(kind: str) -> Iterator[tuple[uuid.UUID, timedelta]]:
    """Yield the platforms of which something goes, with the age at which it does."""
    said = dict(Keeping.objects.exclude(**{kind: None}).values_list("pk", kind))
    usual = settings.KEEP_DAYS[kind]
    if not usual and not any(said.values()):
        return
    for platform_id in Platform.objects.order_by("pk").values_list("pk", flat=True):
        if days := said.get(platform_id, usual):
            yield platform_id, timedelta(days=days)
