"""A task's whole story in one line of time: its events, the credits that moved, what apps were told, what staff did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _

from credits.selectors import list_moves_of
from generation.models import Event, Task
from generation.selectors.tasks import list_events
from genhub.webhooks.models import Delivery
from genhub.webhooks.selectors import list_deliveries_about


class Source(StrEnum):
    """Which book a moment stands in."""

    TASK = "task"
    CREDITS = "credits"
    WEBHOOK = "webhook"
    STAFF = "staff"


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a task; `word` is its name in the reader's language, `kind` the same for machines."""

    at: datetime
    source: Source
    kind: str
    word: Any
    facts: Mapping[str, Any] = field(default_factory=dict)


EVERYTHING = frozenset(Source)


def tell_story(task: Task, sources: frozenset[Source] = EVERYTHING) -> list[Moment]:
    """Return what happened to a task, of these books, the oldest first."""
    read = {
        Source.TASK: read_events,
        Source.CREDITS: read_moves,
        Source.WEBHOOK: read_deliveries,
        Source.STAFF: read_deeds,
    }
    moments = [moment for source in Source if source in sources for moment in read[source](task)]
    # Sorting is stable: what one transaction wrote at one time stays in its order.
    return sorted(moments, key=lambda moment: moment.at)


def read_events(task: Task) -> Iterator[Moment]:
    """Yield the steps of a task's life."""
    for event in list_events(task):
        kind = Event.Kind(event.kind)
        yield Moment(event.created_at, Source.TASK, kind, kind.label, event.data)


def read_moves(task: Task) -> Iterator[Moment]:
    """Yield the credits that moved for a task, with why and by whom."""
    for move in list_moves_of(task.pk):
        facts = {"amount": move.amount, "reason": move.reason, "actor": move.actor}
        yield Moment(move.created_at, Source.CREDITS, move.kind, move.get_kind_display(), facts)


def read_deliveries(task: Task) -> Iterator[Moment]:
    """Yield what was to be told to apps, and when it was."""
    for row in list_deliveries_about(task.pk):
        facts = {"event": row.message.type, "address": row.url or row.endpoint.url}
        tries = {"tries": row.tries} if row.tries else {}
        yield Moment(row.created_at, Source.WEBHOOK, "begun", _("to be told to the app"), facts)
        if row.delivered_at:
            state = Delivery.State.DELIVERED
            yield Moment(row.delivered_at, Source.WEBHOOK, state, state.label, facts | tries)
        elif row.state != Delivery.State.WAITING:
            state = Delivery.State(row.state)
            yield Moment(row.due_at, Source.WEBHOOK, state, state.label, facts | tries)


def read_deeds(task: Task) -> Iterator[Moment]:
    """Yield what staff did on the task's page, with their names."""
    rows = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Task), object_id=str(task.pk)
    )
    for row in rows.select_related("user").order_by("action_time"):
        facts = {"actor": row.user.get_username(), "reason": row.get_change_message()}
        yield Moment(row.action_time, Source.STAFF, "deed", _("staff"), facts)
