"""Workers say that they live, so that health knows whether anybody would take a task."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from generation import routing
from generation.models import Provider, ProviderModel, Worker
from generation.providers.registry import get_adapter

BEAT_SECONDS = 5
# Three missed beats: the worker is gone or stuck.
GONE_AFTER = timedelta(seconds=3 * BEAT_SECONDS + 1)


def warm_up(queues: list[str]) -> None:
    """Prepare the adapters of these queues' providers for the hub's default model, or for the first that they offer.

    A model that cannot be loaded is an error here already: the worker then beats as unready, and health says why.
    """
    models: dict[int, list[ProviderModel]] = {}
    for row in routing.offered().filter(provider__queue__in=queues):
        models.setdefault(row.provider_id, []).append(row)
    for rows in models.values():
        wanted = next((row for row in rows if row.alias == settings.DEFAULT_MODEL), rows[0])
        get_adapter(wanted.provider.adapter).warm(wanted.card())


def beat(name: str, queues: list[str], *, unready: str = "") -> None:
    """Note that a worker lives, what its machine says of itself, and why it is not ready if it is not."""
    facts: dict[str, Any] = {"unready": unready} if unready else {}
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
