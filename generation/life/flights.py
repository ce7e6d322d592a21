"""Orders for the same picture at the same time: one leads and is drawn, the others wait for its end.

The lead is a column with a unique index over what is under way, so that an end, whatever it is, gives it up, and a
death keeps it with the order. Who waits is queued for later; the leader's end queues it for now.
"""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from generation.life import claims, doorbell
from generation.life.claims import Claim
from generation.models import Attempt, Task
from generation.selectors.drawn import AT_HAND
from generation.states import TASK_LIVE, AttemptState

# Whoever waits looks again by itself after so long: a leader may have been cancelled by hand in the rows.
WAIT_SECONDS = 30
# Two that want the lead at the same moment meet on its index; the one that lost looks anew.
MOST_TRIES = 5


def take_lead(claim: Claim) -> bool:
    """Let a claimed order be the one that is drawn; where another one is, queue it for later and return False.

    Raises LeaseLost when it is no longer ours.
    """
    for _ in range(MOST_TRIES):
        try:
            with transaction.atomic():
                if not is_led(claim):
                    Task.objects.filter(pk=claim.task_id).update(leads=claim.cache_key)
                    return True
                claims.leave(
                    claim,
                    AttemptState.QUEUED,
                    run_at=Now() + timedelta(seconds=WAIT_SECONDS),
                    lease_expires_at=None,
                    run_until=None,
                )
                return False
        except IntegrityError:
            continue
    # Drawn twice is dear, never drawn would be worse.
    return True


def is_led(claim: Claim) -> bool:
    """Return whether another order leads, and keep it from ending before this transaction: so no end is missed."""
    others = Task.objects.filter(leads=claim.cache_key, leads__gt="", state__in=TASK_LIVE)
    others = others.exclude(pk=claim.task_id).order_by()
    return bool(others.select_for_update(no_key=True).values_list("pk", flat=True))


def wake(task: Task) -> None:
    """Queue for now who waits for a task that leads, in the transaction that ends it; who is locked is at work."""
    if not task.leads:
        return
    waiting = Attempt.objects.filter(
        state=AttemptState.QUEUED, run_at__gt=Now(), task__cache_key=task.leads,
        task__cache_key__gt="", task__state__in=TASK_LIVE,
    ).order_by()  # fmt: skip
    locked = waiting.select_for_update(of=("self",), skip_locked=True)
    found = list(locked.values_list("pk", "share__queue"))
    if found:
        Attempt.objects.filter(pk__in=[pk for pk, _ in found]).update(run_at=Now())
        for queue in {queue for _, queue in found}:
            doorbell.ring_after_commit(queue)


def keep_key(claim: Claim) -> str:
    """Return under which key a task that was drawn is found, empty where another account drew it than the key says;
    have it at hand after the commit."""
    key, task_id = claim.cache_key, claim.task_id.hex
    if not key.endswith(f".{claim.account.pk}"):
        return ""
    transaction.on_commit(lambda: AT_HAND.put(key, task_id), robust=True)
    return key
