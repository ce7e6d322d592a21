"""What became of the orders of versions of templates; staff's reads, bounded whatever a version's age."""

import uuid
from collections.abc import Iterator, Sequence
from typing import Final

from credits.selectors import view_holds
from generation.models import Output, Task
from generation.selectors.tasks import SEEN
from generation.states import TaskState
from templates.usage import Usage

# So many orders of each are looked at, the latest ones.
MOST_ORDERS: Final = 200
MOST_PICTURES: Final = 6
# Of so many tasks the pictures are looked for.
MOST_LOOKED_AT: Final = 20


def find_usage(version_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Usage]:
    """Return how each of these versions was used, of those that anybody ordered."""
    latest = list_latest(version_ids)
    holds = view_holds([task_id for rows in latest.values() for task_id, _state in rows])
    refunded = {task_id for task_id, hold in holds.items() if hold.refunded}
    return {version_id: count(rows, refunded) for version_id, rows in latest.items() if rows}


def list_latest(
    version_ids: Sequence[uuid.UUID],
) -> dict[uuid.UUID, list[tuple[uuid.UUID, str]]]:
    """Return the id and state of each version's latest orders by users, one more than are counted, in one query."""
    found: dict[uuid.UUID, list[tuple[uuid.UUID, str]]] = {one: [] for one in version_ids}
    tasks = Task.objects.filter(platform__is_house=False).order_by("-id")
    parts = [
        tasks.filter(template_version_id=one).values_list("template_version_id", "id", "state")[: MOST_ORDERS + 1]
        for one in version_ids
    ]  # fmt: skip
    for version_id, task_id, state in parts[0].union(*parts[1:], all=True) if parts else ():
        found[version_id].append((task_id, state))
    for rows in found.values():
        rows.sort(reverse=True)
    return found


def count(rows: Sequence[tuple[uuid.UUID, str]], refunded: set[uuid.UUID]) -> Usage:
    """Return what became of these orders."""
    counted = rows[:MOST_ORDERS]
    states = [state for _task_id, state in counted]
    return Usage(
        is_more=len(rows) > MOST_ORDERS,
        orders=len(counted),
        completed=states.count(TaskState.COMPLETED),
        failed=states.count(TaskState.FAILED),
        refunded=sum(task_id in refunded for task_id, _state in counted),
    )


def find_pictures(version_id: uuid.UUID) -> Iterator[Output]:
    """Yield the latest pictures that the house had drawn by a version: its try-outs show nobody's orders."""
    tasks = Task.objects.filter(template_version_id=version_id, platform__is_house=True)
    ids = list(tasks.order_by("-id").values_list("id", flat=True)[:MOST_LOOKED_AT])
    seen = Output.objects.filter(SEEN, task_id__in=ids).select_related("artifact")
    yield from seen.order_by("-task_id", "position")[:MOST_PICTURES]
