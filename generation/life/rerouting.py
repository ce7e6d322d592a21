"""Orders that wait for an account which takes none: given to another one, and rung for when it is back."""

import uuid
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from generation.accounts import routing
from generation.accounts.costs import FREE
from generation.life import claims, doorbell, dues, events
from generation.models import Account, Attempt, Task
from generation.spec import GenerationSpec
from generation.states import TASK_LIVE, AttemptState
from genhub.lib.sweeps import alone

MOST_AT_A_TIME = 500
# An account that was back before the last look has been rung for; a look may come late.
LOOK_BACK = timedelta(seconds=3)


def reroute() -> int:
    """Give each due order whose account takes none to another one that does, and return how many there were.

    What goes on with a picture waits: no other account has it.
    """
    awake = routing.offered().filter(
        Q(account__resting_until=None) | Q(account__resting_until__lte=Now()),
        alias=OuterRef("task__model"),
    )
    own, others = Q(account_id=OuterRef("account_id")), ~Q(account_id=OuterRef("account_id"))
    due = Attempt.objects.filter(
        state=AttemptState.QUEUED, run_at__lte=Now(), task__follows__isnull=True
    )
    stuck = due.filter(Exists(awake.filter(others))).exclude(Exists(awake.filter(own)))
    ids = list(stuck.order_by("run_at").values_list("pk", "task_id")[:MOST_AT_A_TIME])
    return sum(alone(partial(move, attempt_id, task_id)) for attempt_id, task_id in ids)


@transaction.atomic
def move(attempt_id: uuid.UUID, task_id: uuid.UUID) -> bool:
    """Give a waiting order to another account that takes it now; False when there is none, or it waits no more."""
    task = Task.objects.select_for_update().get(pk=task_id)
    if task.state not in TASK_LIVE:
        return False
    waiting = Attempt.objects.filter(pk=attempt_id, state=AttemptState.QUEUED)
    attempt = waiting.select_related("share").first()
    if attempt is None:
        return False
    spec = GenerationSpec.from_json(task.spec)
    route = routing.choose_other(spec, attempt.account_id, local_only=task.local_only)
    if route is None:
        return False
    waiting.update(state=AttemptState.CANCELED, ended_at=Now(), cost_usd=FREE)
    events.record_route(task_id, route, attempt_id=attempt_id)
    queued = claims.queue_again(attempt, account=route.account)
    doorbell.ring_after_commit(queued.share.queue)
    return True


def ring_back() -> int:
    """Ring the queues of accounts that take orders again since a moment ago; return how many rang."""
    since = Now() - LOOK_BACK
    back = Q(resting_until__gt=since, resting_until__lte=Now())
    back |= Q(next_slot_at__gt=since, next_slot_at__lte=Now())
    queues = set(Account.objects.filter(back).values_list("queue", flat=True))
    return sum(doorbell.ring(queue) for queue in queues & set(dues.list_waiting_queues()))
