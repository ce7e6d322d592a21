"""Reads of what waits and of who works, for operators."""

from datetime import timedelta

from django.db.models import (
    Count,
    Sum,
)
from django.db.models.functions import Now

from generation.models import (
    Account,
    Attempt,
    Offer,
    Queue,
    Rest,
    Share,
    Worker,
)
from generation.states import AttemptState


def list_live_workers(gone_after: timedelta) -> list[Worker]:
    """Return the workers that gave a sign of life since, by name."""
    return list(Worker.objects.filter(beat_at__gt=Now() - gone_after).order_by("name"))


def count_active() -> dict[str, int]:
    """Return how many attempts run and wait, for health."""
    return {
        "active_tasks": Attempt.objects.filter(state=AttemptState.RUNNING).count(),
        "waiting_tasks": sum(Share.objects.filter(waiting__gt=0).values_list("waiting", flat=True)),
    }


def list_needed_queues() -> list[str]:
    """Return the queues that enabled providers work on."""
    return sorted(set(Account.objects.filter(is_enabled=True).values_list("queue", flat=True)))


def list_held_up() -> list[Queue]:
    """Return the queues of which staff let nothing be claimed, by name."""
    return list(Queue.objects.exclude(state=Queue.State.OPEN).order_by("name"))


def list_paused_accounts() -> list[str]:
    """Return the aliases of the providers that staff paused."""
    paused = Account.objects.filter(resting_why=Rest.PAUSED).order_by("alias")
    return list(paused.values_list("alias", flat=True))


def list_broken() -> list[str]:
    """Return the aliases of the models that were switched off by themselves."""
    broken = Offer.objects.filter(broken_at__isnull=False, is_enabled=False).order_by("alias")
    return list(broken.values_list("alias", flat=True))


def count_waiting() -> dict[str, int]:
    """Return how many attempts wait in each queue where any does, from the shares' counters."""
    shares = Share.objects.filter(waiting__gt=0).order_by("queue")
    return dict(shares.values("queue").annotate(sum=Sum("waiting")).values_list("queue", "sum"))


def count_at_work() -> dict[str, int]:
    """Return how many attempts of each queue run, or wait at their vendor."""
    at_work = Attempt.objects.filter(state__in=[AttemptState.RUNNING, AttemptState.WAITING])
    counted = at_work.values("account__queue").annotate(count=Count("pk")).order_by()
    return dict(counted.values_list("account__queue", "count"))
