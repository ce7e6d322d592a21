"""What was drawn before, found by what decides it: the rows are the truth, what is at hand only leads to them."""

import uuid
from dataclasses import dataclass

from django.db.models import F, QuerySet

from generation.models import Output
from generation.states import TaskState
from genhub.lib.levels import Levels
from genhub.lib.limits import LARGEST_NUMBER
from genhub.lib.prepared import Prepared
from storage.files import local_storage

MOST_AT_HAND, SECONDS_AT_HAND = 100, 3600
AT_HAND = Levels("drawn", most=MOST_AT_HAND, seconds=SECONDS_AT_HAND)


@dataclass(frozen=True)
class Drawn:
    """A task that drew, and its pictures, all of them there."""

    task_id: uuid.UUID
    outputs: tuple[Output, ...]

    @property
    def artifact_ids(self) -> list[uuid.UUID]:
        """Return the ids of its pictures."""
        return [output.artifact_id for output in self.outputs if output.artifact_id]


def find_at_hand(key: str) -> Drawn | None:
    """Return what this process or the broker's server knows of, if its rows still say so; asks the database only
    then."""
    if not (known := AT_HAND.get(key)):
        return None
    if found := read_drawn(key, uuid.UUID(known)):
        return found
    AT_HAND.forget(key)
    return None


def find_drawn(key: str) -> Drawn | None:
    """Return what was drawn for a key, however long ago."""
    if found := find_at_hand(key) or read_drawn(key):
        AT_HAND.put(key, found.task_id.hex)
    return found


def read_drawn(key: str, task_id: uuid.UUID | None = None) -> Drawn | None:
    """Return the newest task that drew all of its pictures for a key, or this one, while each of them is there."""
    found: dict[uuid.UUID, list[Output]] = {}
    # Of the few that drew the same: one whose picture was blocked or deleted does not hide an older one.
    for row in OF_TASK.find(key, task_id) if task_id else drawn_for(key)[: 4 * LARGEST_NUMBER]:
        found.setdefault(row.task_id, []).append(row)
    for maker, outputs in found.items():
        if all(is_there(output) for output in outputs) and len(outputs) == wanted_of(outputs[0]):
            return Drawn(maker, tuple(outputs))
    return None


def drawn_for(key: str) -> QuerySet[Output]:
    """Return what was drawn for a key, newest task first, each with its picture and with how many its task wanted."""
    rows = Output.objects.filter(
        task__cache_key=key, task__cache_key__gt="", task__state=TaskState.COMPLETED, task__cached_from=None
    )  # fmt: skip
    rows = rows.select_related("artifact").annotate(wanted=F("task__num_images"))
    return rows.order_by("-task_id", "position")


def wanted_of(output: Output) -> int:
    """Return how many pictures the task of a row that was read here wanted."""
    wanted: int = vars(output)["wanted"]
    return wanted


# Every order that is found asks. Without a task the database needs to see the values, since an index is of a part of
# the rows.
OF_TASK: Prepared[Output] = Prepared(
    lambda key, task_id: drawn_for(key).filter(task_id=task_id), "a key", uuid.UUID(int=0)
)


def is_there(output: Output) -> bool:
    """Return whether an output was delivered and may be seen."""
    return output.shown is not None


def is_stored(found: Drawn) -> bool:
    """Return whether the files of what was found are there. A bucket is not asked, which takes longer than all else:
    rows go before their files, so only what was deleted by hand can be missing there."""
    store = local_storage()
    keys = [output.artifact.key for output in found.outputs if output.artifact]
    return store is None or all(map(store.exists, keys))
