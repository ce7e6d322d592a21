"""What vendors made for tasks that had ended without it: kept for staff, told, and charged to nobody."""

import logging

from django.db import transaction
from django.db.models.functions import Now

from credits.selectors import is_erased
from generation.life import events
from generation.life.claims import Claim
from generation.life.outputs import Stored
from generation.models import Attempt, Event, LateOutput, Task
from generation.states import AttemptState, TaskState
from storage.services import record_artifact

logger = logging.getLogger(__name__)


def is_wanted(claim: Claim) -> bool:
    """Return whether staff keep what comes for an attempt now: its task failed meanwhile. Who cancels wants nothing,
    and of a user whose data was deleted nothing new is stored."""
    late = Attempt.objects.filter(pk=claim.attempt_id, lease_token=claim.token, late_at=None)
    failed = late.filter(state=AttemptState.CANCELED, task__state=TaskState.FAILED)
    return failed.exclude(is_erased("task__platform", "task__user")).exists()


@transaction.atomic
def keep(claim: Claim, stored: Stored) -> bool:
    """Keep what came after its task had failed, for staff alone; False when it is not that. No credit moves."""
    task = Task.objects.select_for_update().get(pk=claim.task_id)
    if not is_wanted(claim):
        return False
    for output in stored.outputs:
        LateOutput.objects.create(
            attempt_id=claim.attempt_id,
            position=output.made.position,
            artifact_id=record_artifact(output.file, platform_id=task.platform_id, user=task.user),
        )
    note(task, Attempt.objects.get(pk=claim.attempt_id), count=len(stored.outputs))
    return True


def hear(attempt: Attempt, remote_id: str) -> bool:
    """Note that a vendor tells of an order whose task failed while it was in doubt; False when it is not that.

    The caller holds the task.
    """
    task = attempt.task
    is_new = bool(remote_id and attempt.sending_at and not attempt.remote_id)
    ends = (attempt.state, task.state)
    if not is_new or ends != (AttemptState.CANCELED, TaskState.FAILED):
        return False
    Attempt.objects.filter(pk=attempt.pk).update(remote_id=remote_id)
    note(task, attempt, remote_id=remote_id)
    return True


def note(task: Task, attempt: Attempt, **said: object) -> None:
    """Write that an order came too late."""
    Attempt.objects.filter(pk=attempt.pk).update(late_at=Now())
    events.record(task.pk, Event.Kind.LATE, attempt_id=attempt.pk, **said)
    logger.warning("the order of attempt %s came after its task had ended: nobody paid", attempt.pk)
