"""What the first page says of queues, providers, cards and store: the very figures that /metrics tells."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from generation.admin.accounts.standing import account_badge, key_words, with_standing
from generation.admin.tasks.live import card_words
from generation.models import Account, Worker
from generation.selectors.figures import read_waiting
from generation.selectors.queue import list_broken
from genhub.platforms.models import Platform
from storage.usage import MIB, read_use

# More stand on their own page.
MOST_PROVIDERS = 12
GIB = 1024 * MIB
# The words of an age need a day to count from.
ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    """What waits in a queue, and how long the oldest of it has."""

    queue: str
    number: int
    age: str


def list_waits() -> list[Waiting]:
    """Return the queues in which orders wait, by name."""
    return sorted(
        (
            Waiting(queue, number, timesince(ANY_DAY, ANY_DAY + age))
            for queue, number, age in read_waiting()
        ),
        key=lambda one: one.queue,
    )


def list_providers() -> list[tuple[str, str, SafeString, str]]:
    """Return the providers that are switched on: page, name, how each stands, and its keys that can be used."""
    enabled = with_standing(Account.objects.filter(is_enabled=True)).order_by("alias")
    return [
        (reverse("admin:generation_account_change", args=[row.pk]), row.alias, account_badge(row), key_words(row))
        for row in enabled[:MOST_PROVIDERS]
    ]  # fmt: skip


def list_switched_off() -> list[tuple[str, str]]:
    """Return the models that the breaker switched off, each with the list of its offers."""
    offers = reverse("admin:generation_offer_changelist")
    return [(alias, f"{offers}?q={alias}") for alias in list_broken()]


def list_cards(workers: list[Worker]) -> list[tuple[str, str, str]]:
    """Return of each worker that has a card its page, its name, and what it says of the card."""
    return [
        (reverse("admin:generation_worker_change", args=[worker.pk]), worker.name, card_words(worker.facts))
        for worker in workers
        if worker.facts.get("memory_total") is not None
    ]  # fmt: skip


def sum_stored() -> dict[str, Any]:
    """Return how much is stored for all platforms, in how many files, and how much may be where a quota says so."""
    uses = list(read_use())
    quota = Platform.objects.aggregate(sum=Sum("storage_quota_mib"))["sum"]
    return {
        "files": sum(use.files for use in uses),
        "gib": sum(use.size_bytes for use in uses) / GIB,
        "quota_gib": quota * MIB / GIB if quota else None,
    }
