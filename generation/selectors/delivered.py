"""A task with what it delivered, as whoever waits for its pictures reads it: nothing but these two statements stands
between their end and their bytes, so they are written once a process."""

import uuid
from typing import Any, Final

from generation.models import Output, Task
from generation.selectors.tasks import find_own
from generation.states import TASK_ENDS
from genhub.lib.prepared import NO_ID, Prepared

TASK: Final[Prepared[Task]] = Prepared(
    lambda platform_id, task_id: find_own(platform_id, None).filter(pk=task_id).order_by(),
    NO_ID,
    uuid.UUID(int=1),
)
OUTPUTS: Final[Prepared[Output]] = Prepared(
    lambda task_id: Output.objects.filter(task_id=task_id).select_related("artifact"), NO_ID
)
ENDED: Final[Prepared[Task]] = Prepared(
    lambda task_id: Task.objects.filter(pk=task_id, state__in=TASK_ENDS).order_by().only("pk"),
    NO_ID,
)


def find_with_pictures(platform_id: uuid.UUID, user: str | None, task_id: uuid.UUID) -> Task | None:
    """Return one task with what it delivered alone, or None when there is none of this id among theirs."""
    for task in TASK.find(platform_id, task_id):
        if user in {None, task.user}:
            keep_read(task, outputs=keep_rows(Output, *OUTPUTS.find(task_id)))
            return task
    return None


def has_ended(task_id: uuid.UUID) -> bool:
    """Return whether a task has ended."""
    return bool(ENDED.find(task_id))


def keep_read(task: Task, **related: Any) -> None:
    """Let a task be answered as one that was read with these rows of others."""
    vars(task)["_prefetched_objects_cache"] = related


def keep_rows(model: type[Any], *rows: Any) -> Any:
    """Return a queryset that has been read already."""
    found = model.objects.none()
    vars(found)["_result_cache"] = list(rows)
    return found
