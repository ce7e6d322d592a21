"""What the loops do: ring forgotten rows, take back what dead workers held, end what is too late."""

import logging
import uuid

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from generation import claims, dispatch, events
from generation.errors import DeadlineExceeded, Quarantined
from generation.models import Attempt, Event, Share, Task
from generation.selectors import list_live_workers
from generation.services.ending import end_unpaid
from generation.services.presence import GONE_AFTER
from generation.states import TASK_LIVE, AttemptState, TaskState

logger = logging.getLogger(__name__)

# A task survives three deaths of its worker; the fourth ends it.
MOST_DEATHS = 3
MOST_AT_A_TIME = 500


def sweep() -> int:
    """Ring each queue in which due rows wait, once for each live worker, and return how many times it rang.

    Lost doorbells end here: a worker that was rung goes on until its queue is empty.
    """
    due = Attempt.objects.filter(state=AttemptState.QUEUED, run_at__lte=Now())
    waiting = Share.objects.filter(waiting__gt=0, pk__in=due.values("share"))
    workers = list_live_workers(GONE_AFTER)
    rung = 0
    for queue in sorted(set(waiting.values_list("queue", flat=True))):
        alive = sum(queue in worker.queues for worker in workers)
        for _ in range(max(1, alive)):
            dispatch.ring(queue)
            rung += 1
    return rung


def reap() -> int:
    """Take back every attempt whose lease ran out and return how many there were."""
    expired = Attempt.objects.filter(state=AttemptState.RUNNING, lease_expires_at__lt=Now())
    ids = list(expired.order_by("lease_expires_at").values_list("pk", "task_id")[:MOST_AT_A_TIME])
    return sum(abandon(attempt_id, task_id) for attempt_id, task_id in ids)


@transaction.atomic
def abandon(attempt_id: uuid.UUID, task_id: uuid.UUID) -> bool:
    """Declare an attempt's worker dead, and queue the next attempt or quarantine the task; False when it lives."""
    Task.objects.select_for_update().get(pk=task_id)
    abandoned = Attempt.objects.filter(
        pk=attempt_id, state=AttemptState.RUNNING, lease_expires_at__lt=Now()
    ).update(state=AttemptState.ABANDONED, ended_at=Now(), lease_token=F("lease_token") + 1)
    if not abandoned:
        return False
    deaths = claims.count_deaths(task_id)
    events.record(task_id, Event.Kind.ABANDONED, attempt_id=attempt_id, deaths=deaths)
    logger.warning("worker of attempt %s died (%s deaths of its task)", attempt_id, deaths)
    if deaths > MOST_DEATHS:
        end_unpaid(task_id, TaskState.FAILED, problem=Quarantined(deaths=deaths))
    else:
        attempt = Attempt.objects.select_related("share").get(pk=attempt_id)
        claims.queue_again(attempt)
        dispatch.ring_after_commit(attempt.share.queue)
    return True


def end_late() -> int:
    """End every live task that is past its deadline and return how many there were."""
    late = Task.objects.filter(state__in=TASK_LIVE, deadline_at__lt=Now())
    ids = list(late.order_by("deadline_at").values_list("pk", flat=True)[:MOST_AT_A_TIME])
    return sum(end_unpaid(pk, TaskState.FAILED, problem=DeadlineExceeded()) for pk in ids)
