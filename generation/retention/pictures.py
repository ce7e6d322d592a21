"""Which pictures go in time: none that an order under way starts from, and none that staff have yet to decide about."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from generation.models import Finding, Task
from generation.orders.style_pictures import STYLIST
from generation.spec import PICTURES, REFERENCES
from generation.states import TASK_LIVE
from genhub.lib.ids import to_wire
from genhub.retention.rules import Gone
from storage.erasing import find_withheld, let_go
from storage.selectors import PREFIX

# Of a spec, those that name several.
LISTS: Final = (REFERENCES, f"style_{REFERENCES}")


def find_decided() -> QuerySet[Any]:
    """Return the withheld pictures that no finding keeps for staff to look at."""
    waits = Finding.objects.filter(
        Q(artifact=OuterRef("pk")) | Q(artifact__key=OuterRef("key")), state=Finding.State.OPEN
    )
    return find_withheld().filter(~Exists(waits))


def let_go_unawaited(rows: Sequence[Any]) -> Gone:
    """Let pictures go, locked by the caller's transaction, but for those that an order under way starts from.

    An order locks what it starts from while it is written, so that each is seen here or finds its picture gone.
    """
    awaited = find_awaited(rows)
    return let_go([row for row in rows if row.pk not in awaited])


def find_awaited(rows: Sequence[Any]) -> set[Any]:
    """Return the ids of those pictures that tasks which have not ended start from."""
    names = {to_wire(PREFIX, row.pk): row.pk for row in rows}
    named = Q()
    for word in PICTURES:
        named |= Q(**{f"spec__{word}__in": list(names)})
    for word in LISTS:
        named |= Q(**{f"spec__{word}__has_any_keys": list(names)})
    live = live_tasks().filter(named)
    said: set[str] = set()
    for words in live.values_list(*(f"spec__{word}" for word in PICTURES)):
        said.update(words)
    for lists in live.values_list(*(f"spec__{word}" for word in LISTS)):
        # Specs of earlier releases have none.
        said.update(*(texts or () for texts in lists))
    # Of a chain the later steps look at the pictures of their styles, too.
    for row in rows:
        wire_id = to_wire(PREFIX, row.pk)
        later = [{"spec": {LISTS[1]: [wire_id]}}]
        if row.user == STYLIST and live_tasks().filter(chain__contains=later).exists():
            said.add(wire_id)
    return {names[name] for name in said & names.keys()}


def live_tasks() -> QuerySet[Task]:
    """Return the tasks that have not ended."""
    return Task.objects.filter(state__in=sorted(TASK_LIVE))
