"""The cancel of a batch: each task that has not ended is canceled as if its owner had asked for each."""

import uuid

from django.db.models.functions import Now

from generation.errors import BatchEnded
from generation.life.unpaid_ends import end_unpaid
from generation.models import Batch, Task
from generation.states import TASK_LIVE, TaskState


def cancel_batch(batch_id: uuid.UUID) -> int:
    """End every task of a batch that has not ended, give back what was held for each, and return how many those were;
    raise BatchEnded where there is nothing left.

    One transaction a task: a hundred in one would keep the purse, and who pays from it, for seconds. Who is told
    nothing of the outcome asks again: it goes on with the rest.
    """
    live = Batch.objects.filter(pk=batch_id, ended_at=None)
    live.filter(cancel_asked_at=None).update(cancel_asked_at=Now())
    tasks = Task.objects.filter(batch_id=batch_id, state__in=TASK_LIVE)
    # The last to be worked on first: those before them may still come to their end.
    ids = list(tasks.order_by("id").values_list("pk", flat=True))
    canceled = sum(end_unpaid(task_id, TaskState.CANCELED) for task_id in ids)
    if not ids:
        raise BatchEnded
    return canceled
