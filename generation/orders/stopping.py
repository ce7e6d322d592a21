"""Stop a user, and end what of theirs is still under way, as far as staff wish."""

import uuid
from contextlib import suppress
from typing import Any

from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from credits import stops
from credits.errors import StoppedBefore
from generation.errors import AlreadyEnded
from generation.life.unpaid_ends import cancel_task
from generation.models import Task
from generation.states import TASK_LIVE, TaskState


class Cancels(TextChoices):
    """What becomes of a stopped user's orders that have not ended."""

    NOTHING = "nothing", _("nothing: they are made, delivered and paid")
    WAITING = "waiting", _("those that nobody works on yet are canceled")
    ALL = "all", _("all are canceled, also in the middle of their work")


ENDED: dict[str, tuple[TaskState, ...]] = {
    Cancels.NOTHING: (),
    Cancels.WAITING: (TaskState.PENDING,),
    Cancels.ALL: tuple(TASK_LIVE),
}


def find_under_way(platform_id: uuid.UUID, user: str) -> QuerySet[Task]:
    """Return a user's orders that have not ended."""
    return Task.objects.filter(platform_id=platform_id, user=user, state__in=TASK_LIVE)


def stop_user(purse: Any, *, cancels: str, reason: str, person: Any) -> int:
    """Refuse all new orders of a purse's user, cancel what is to be canceled, and return how many orders that were.

    Raises StoppedBefore where none is left to be canceled: whoever stopped them may have died over that. No order is
    missed: from the stop on none is taken, and each is looked for after it.
    """
    rows = find_under_way(purse.platform_id, purse.user).filter(state__in=ENDED[cancels])
    try:
        stops.stop(purse.pk, reason=reason, person=person)
    except StoppedBefore:
        if not rows.exists():
            raise
    canceled = 0
    for task_id in rows.values_list("pk", flat=True).order_by("pk"):
        # One that ends at this very moment is done.
        with suppress(AlreadyEnded):
            cancel_task(task_id)
            canceled += 1
    return canceled
