"""What waits in the queues, and what of it could be claimed now."""

from functools import cache
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Exists, F, Func, Q, QuerySet
from django.db.models.functions import Now

from generation.models import Attempt, Queue, Share
from generation.states import AttemptState


def list_waiting_queues() -> list[str]:
    """Return the queues in which anything waits, due or not."""
    waiting = Share.objects.filter(waiting__gt=0).order_by("queue")
    return list(waiting.values_list("queue", flat=True).distinct())


def list_due(queue: str) -> QuerySet[Attempt]:
    """Return the attempts of a queue that could be claimed now, each for itself."""
    has_room = Q(share__cap=None) | Q(share__running__lt=F("share__cap"))
    in_time = Q(run_at__lte=Now(), task__deadline_at__gt=Now())
    due = Attempt.objects.filter(in_time, state=AttemptState.QUEUED)
    takes_orders = Func(
        "account_id", "task__model", function="generation_takes_orders", output_field=BooleanField()
    )
    is_open = ~Exists(Queue.objects.filter(name=queue).exclude(state=Queue.State.OPEN))
    return due.filter(is_open, takes_orders, has_room, share__queue=queue, share__waiting__gt=0)


def is_due(queue: str) -> bool:
    """Return whether a due row waits in a queue: a claim that found none may only have met another claim."""
    with connection.cursor() as cursor:
        cursor.execute(*write_first_due(queue))
        return cursor.fetchone() is not None


@cache
def write_first_due(queue: str) -> tuple[str, tuple[Any, ...]]:
    """Return the statement that asks for one, and its values: to write it takes longer than to run it."""
    return list_due(queue).order_by().values_list("pk")[:1].query.sql_with_params()
