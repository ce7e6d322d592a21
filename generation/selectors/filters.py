"""Which tasks of its owner a list is asked for.

No index is kept for each word: it would be written with every order and at every change of state. A page looks at so
many rows of the owner's own index at most, and its cursor goes on from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.lookups import Exact

from generation.models import Task, TaskText
from genhub.lib.ids import id_at

# Ids tell the time by the clock of the process that made them, times of creation by the database's.
CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True)
class TaskFilters:
    """What tasks must be like; what is empty was not asked for."""

    states: Sequence[str] = ()
    template: str = ""
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None
    request_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Return whether all tasks are asked for."""
        return not any(vars(self).values())


def near(tasks: QuerySet[Task], filters: TaskFilters) -> QuerySet[Task]:
    """Return the tasks whose ids are of the time in question, a stretch of the index, or that one request ordered."""
    if filters.since:
        tasks = tasks.filter(pk__gte=id_at(filters.since, -CLOCKS_DIFFER))
    if filters.until:
        tasks = tasks.filter(pk__lte=id_at(filters.until, CLOCKS_DIFFER))
    if filters.request_id:
        ordered = TaskText.objects.filter(request_id=filters.request_id)
        tasks = tasks.filter(pk__in=ordered.values("task_id"))
    return tasks


def fitting(tasks: QuerySet[Task], filters: TaskFilters) -> QuerySet[Task]:
    """Return those of the tasks that are as they must be; each must be read to know."""
    if filters.since:
        tasks = tasks.filter(created_at__gte=filters.since)
    if filters.until:
        tasks = tasks.filter(created_at__lt=filters.until)
    if filters.states:
        tasks = tasks.filter(state__in=filters.states)
    if filters.template:
        tasks = tasks.filter(template_version__template__code=filters.template)
    if filters.model:
        tasks = tasks.filter(model=filters.model)
    for name, value in filters.metadata.items():
        # As text, so that numbers are found by their digits; Django's own look at a key takes digits for a place.
        found = Func(
            F("metadata"), Value(name), function="jsonb_extract_path_text", output_field=TextField()
        )
        tasks = tasks.filter(Exact(found, Value(value)))
    return tasks
