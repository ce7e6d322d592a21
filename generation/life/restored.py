"""What becomes of what was under way in a backup that is brought back.

The hub ran on after the backup, and nothing knows any more what it did: a worker of then may still finish, a vendor may
have been asked meanwhile. So every token moves far on, and what may be at a vendor is in doubt: it is searched for
there, or a person decides, or its deadline gives the credits back. It is never sent twice.
"""

from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from generation.accounts.routing import is_remote
from generation.life import rescue
from generation.models import Attempt, Task
from generation.states import ATTEMPT_LIVE, AttemptState, TaskState

# No hub claims one attempt, or writes events, so often between a backup and its loss.
FAR: Final = 1_000_000
SURE_OF_VENDOR: Final = (AttemptState.WAITING, AttemptState.UNKNOWN)


@transaction.atomic
def settle(*, is_moved: bool) -> dict[str, Any]:
    """Make the rows of a backup fit to go on with, and return how many orders were under way and are in doubt now.

    `is_moved`: nothing happened since the backup, so all goes on where it stood.
    """
    live = Attempt.objects.filter(state__in=ATTEMPT_LIVE)
    count = live.count()
    if is_moved:
        return {"under_way": count, "in_doubt": 0}
    live.update(lease_token=F("lease_token") + FAR)
    with connection.cursor() as cursor:
        # Clients that saw later events than there are go on with what comes, and miss none of it.
        cursor.execute(
            "SELECT setval('generation_event_position', nextval('generation_event_position') + %s)",
            [FAR],
        )
    maybe_sent = live.exclude(state__in=SURE_OF_VENDOR).select_related("account").order_by("pk")
    return {"under_way": count, "in_doubt": sum(map(doubt, maybe_sent))}


def doubt(attempt: Attempt) -> bool:
    """Put an attempt that may have been sent to a vendor since into doubt; False for one that is made here."""
    if not is_remote(attempt.account):
        return False
    rescue.leave_to_vendor(Attempt.objects.filter(pk=attempt.pk), attempt)
    # Found at its vendor, it is asked for as any that was begun.
    begun = {"state": TaskState.PROCESSING, "started_at": Now()}
    Task.objects.filter(pk=attempt.task_id, state=TaskState.PENDING).update(**begun)
    return not attempt.remote_id
