"""The cancel of many orders that staff chose: each ends as if its owner had asked, and its history says who and why.

Lock order: person, bulk cancel; and each order in a transaction of its own, as in `unpaid_ends`.
"""

import uuid
from collections import Counter
from dataclasses import dataclass

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext

from credits.errors import KeyReused
from credits.selectors import view_holds
from generation.errors import GenerationProblem
from generation.life.batch_ends import ending_tasks
from generation.life.unpaid_ends import end_unpaid
from generation.models import BulkCancel, Task
from generation.states import TASK_LIVE, TaskState
from genhub.lib.errors import gettext_noop
from genhub.lib.reasons import check_reason
from genhub.users.alone import lock_person

# A row holds so many ids, and each look at its page counts their states.
MOST_TASKS = 10_000
MOST_AT_A_TIME = 200


class NothingToCancel(GenerationProblem):
    """All of them have ended."""

    code = "nothing_to_cancel"
    title = gettext_noop("There is nothing to cancel")
    detail = gettext_noop("All of these tasks have ended.")


class TooManyToCancel(GenerationProblem):
    """More orders than one bulk cancel takes."""

    code = "too_many_to_cancel"
    title = gettext_noop("These are too many tasks for one bulk cancel")
    detail = gettext_noop("At most %(most)s. Narrow the filter, and cancel in parts.")


class MoreToCancel(GenerationProblem):
    """Orders are in the filter now that nobody was shown."""

    code = "more_to_cancel"
    title = gettext_noop("There are more tasks now")
    detail = gettext_noop(
        "%(count)s tasks would be canceled, more than you were shown. Look at the page again, then confirm."
    )


@dataclass(frozen=True)
class CancelPreview:
    """What a bulk cancel would do: to those that wait and that are worked on; `begun` have delivered steps of a chain,
    which stay and are paid; all that is `held`, but for those steps, goes back. Of each user and platform how many, and
    how much is held for them, those with the most first."""

    tasks: int
    waiting: int
    working: int
    begun: int
    held: int
    users: list[tuple[str, str, int, int]]

    @property
    def count(self) -> int:
        """Return how many it would cancel."""
        return self.waiting + self.working


def preview_cancels(tasks: QuerySet[Task]) -> CancelPreview:
    """Return what canceling these would do, of no more than are canceled at once; nothing is written."""
    columns = ("pk", "state", "step", "user", "platform__name")
    rows = list(tasks.order_by().values_list(*columns)[: MOST_TASKS + 1])
    live = [row for row in rows if row[1] in TASK_LIVE]
    holds = view_holds([key for key, *_rest in live])
    counts, sums = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for key, _state, _step, user, platform in live:
        counts[user, platform] += 1
        sums[user, platform] += holds[key].held if key in holds else 0
    waiting = sum(state == TaskState.PENDING for _key, state, *_rest in live)
    return CancelPreview(
        tasks=len(rows),
        waiting=waiting,
        working=len(live) - waiting,
        begun=sum(step > 1 for _key, _state, step, *_rest in live),
        held=sums.total(),
        users=[(*who, count, sums[who]) for who, count in counts.most_common()],
    )


def count_states(bulk: BulkCancel) -> dict[str, int]:
    """Return how many tasks of a bulk cancel stand in each state where any does."""
    rows = Task.objects.filter(pk__in=bulk.tasks).order_by().values("state")
    return dict(rows.annotate(count=Count("pk")).values_list("state", "count"))


@transaction.atomic
def request_cancels(
    tasks: QuerySet[Task], *, seen: int, bulk: BulkCancel
) -> tuple[BulkCancel, bool]:
    """Note that those of these tasks that have not ended are to be canceled; the loops do it.

    `bulk` is unsaved: id, reason, conditions and requested_by. `seen` is how many the person was shown; fewer is right,
    since orders end meanwhile, and of more MoreToCancel is raised. The flag is False when the id asked before: then
    nothing was written. Raises ReasonTooShort, NothingToCancel, TooManyToCancel, KeyReused.
    """
    bulk.reason = check_reason(bulk.reason)
    lock_person(bulk.requested_by)
    earlier = BulkCancel.objects.filter(pk=bulk.pk).first()
    if earlier:
        if earlier.requested_by_id != bulk.requested_by_id:
            raise KeyReused
        return earlier, False
    live = tasks.filter(state__in=TASK_LIVE).order_by("pk").values_list("pk", flat=True)
    bulk.tasks = list(live[: MOST_TASKS + 1])
    if not bulk.tasks:
        raise NothingToCancel
    if len(bulk.tasks) > MOST_TASKS:
        raise TooManyToCancel(most=MOST_TASKS)
    if len(bulk.tasks) > seen:
        raise MoreToCancel(count=len(bulk.tasks))
    bulk.save(force_insert=True)
    return bulk, True


def cancel_asked() -> int:
    """Cancel some hundred orders of bulk cancels, and return how many were.

    Any number of copies is safe, and so is dying anywhere: what is not committed is done by the next turn.
    """
    bulk = BulkCancel.objects.filter(ended_at=None).order_by("id").first()
    if bulk is None:
        return 0
    live = Task.objects.filter(pk__in=bulk.tasks, state__in=TASK_LIVE).order_by("pk")
    ids = list(live.values_list("pk", flat=True)[:MOST_AT_A_TIME])
    if not ids:
        BulkCancel.objects.filter(pk=bulk.pk, ended_at=None).update(ended_at=Now())
        return 0
    return sum(cancel_one(task_id, bulk) for task_id in ids)


def cancel_one(task_id: uuid.UUID, bulk: BulkCancel) -> bool:
    """Cancel one order and say so in its history; False when it ended meanwhile."""
    with ending_tasks():
        if not end_unpaid(task_id, TaskState.CANCELED):
            return False
        said = gettext("Canceled with %(count)s tasks: %(reason)s")
        LogEntry.objects.log_actions(
            bulk.requested_by_id,
            [Task(pk=task_id)],
            CHANGE,
            said % {"count": len(bulk.tasks), "reason": bulk.reason},
            single_object=True,
        )
    return True
