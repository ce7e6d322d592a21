"""Reads of what waits and of who works, for operators."""

from datetime import timedelta

from django.db.models import (
    Sum,
)
from django.db.models.functions import Now

from generation.models import (
    Account,
    Attempt,
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


def count_waiting() -> dict[str, int]:
    """Return how many attempts wait in each queue where any does, from the shares' counters."""
    shares = Share.objects.filter(waiting__gt=0).order_by("queue")
    return dict(shares.values("queue").annotate(sum=Sum("waiting")).values_list("queue", "sum"))
