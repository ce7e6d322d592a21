"""Workers say that they live, so that health knows whether anybody would take a task."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from generation.models import Provider, Worker
from generation.providers.registry import get_adapter
from generation.spec import ModelCard

BEAT_SECONDS = 5
# Three missed beats: the worker is gone or stuck.
GONE_AFTER = timedelta(seconds=3 * BEAT_SECONDS + 1)


def warm_up(queues: list[str]) -> None:
    """Prepare the adapters of these queues' providers; a model that cannot be loaded is an error here already."""
    for provider in Provider.objects.filter(is_enabled=True, queue__in=queues):
        adapter = get_adapter(provider.adapter)
        for alias, values in provider.cards.items():
            adapter.warm(ModelCard.from_json(alias, values))


def beat(name: str, queues: list[str]) -> None:
    """Note that a worker lives and what its machine says of itself."""
    facts: dict[str, Any] = {}
    for adapter in set(
        Provider.objects.filter(is_enabled=True, queue__in=queues).values_list("adapter", flat=True)
    ):
        facts |= get_adapter(adapter).health()
    Worker.objects.update_or_create(
        name=name, defaults={"queues": queues, "beat_at": Now(), "facts": facts}
    )


def leave(name: str) -> None:
    """Note that a worker stops taking tasks."""
    Worker.objects.filter(name=name).delete()
