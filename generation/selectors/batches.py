"""Reads of batches; those of apps start from their owner."""

import uuid
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from credits.selectors import NO_HOLD, HoldView, sum_holds
from generation.models import Attempt, Batch, Task
from generation.models.batch import COUNTS, PREFIX
from generation.states import ATTEMPT_LIVE, TaskState
from genhub.lib.ids import from_wire


def find_batches(platform_id: uuid.UUID, user: str | None) -> QuerySet[Batch]:
    """Return the batches of a platform (and user, unless None), newest first."""
    batches = Batch.objects.filter(platform_id=platform_id)
    return batches if user is None else batches.filter(user=user)


def find_batch(platform_id: uuid.UUID, user: str | None, wire_id: str) -> Batch | None:
    """Return one batch, or None when there is none of this id among theirs."""
    return find_batches(platform_id, user).filter(pk=from_wire(PREFIX, wire_id)).first()


def count_states(batch: Batch) -> dict[str, int]:
    """Return how many of a batch's tasks stand in each state, and how many there are."""
    return {"total": batch.total, **{name: getattr(batch, name) for name in COUNTS}}


def sum_credits(batches: Iterable[Batch]) -> dict[uuid.UUID, HoldView]:
    """Return what became of the credits that were held for the tasks of each batch, in two queries for all of them."""
    ids = [batch.pk for batch in batches]
    groups = dict(Task.objects.filter(batch__in=ids).values_list("pk", "batch_id"))
    return dict.fromkeys(ids, NO_HOLD) | sum_holds(groups)


def measure(batches: Sequence[Batch]) -> dict[uuid.UUID, float]:
    """Return how far each batch is, from 0 to 1: each task counts alike, one under way by its own progress."""
    under_way = [batch.pk for batch in batches if batch.processing]
    running = Attempt.objects.filter(
        task__batch__in=under_way, task__state=TaskState.PROCESSING, state__in=ATTEMPT_LIVE
    )
    parts = dict(
        running.order_by()
        .values("task__batch")
        .annotate(done=Coalesce(Sum("progress"), 0.0))
        .values_list("task__batch", "done")
        if under_way
        else ()
    )
    return {
        batch.pk: round((batch.total - live + parts.get(batch.pk, 0.0)) / batch.total, 4)
        for batch in batches
        for live in [batch.pending + batch.processing]
    }


def list_places(batch: Batch) -> dict[int, tuple[uuid.UUID, str]]:
    """Return the task and its state at each place of a batch that was taken."""
    rows = Task.objects.filter(batch=batch, batch_index__isnull=False).order_by("batch_index")
    found = rows.values_list("batch_index", "pk", "state")
    return {int(index or 0): (pk, state) for index, pk, state in found}
