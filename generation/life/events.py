"""The one way to write an event row, and to give it its place in what clients are told."""

import uuid
from typing import Any

from django.db import connection, transaction

from generation.accounts.routing import Route
from generation.models import Event
from generation.models.event import PLACING
from genhub.lib import locks

# Events that one transaction places at most.
BATCH = 1000
# Of each of the rows `taken` that begins anew, in the statement that takes them: what has an id at its vendor is only
# asked for again.
RECORD_CLAIMS = """
        INSERT INTO generation_event (task_id, attempt_id, kind, data)
        SELECT task_id, id, 'claimed', jsonb_build_object('worker', %(worker)s::text)
          FROM taken
         WHERE remote_id = ''
"""


def begin_history(task_id: uuid.UUID, route: Route, **said: Any) -> list[Event]:
    """Return the events of an order that is taken, and of the account to which it goes, as `record_route` writes it:
    rows to be written with the task."""
    submitted = {"provider": route.account.alias, **said}
    return [
        Event(task_id=task_id, kind=Event.Kind.SUBMITTED, data=submitted),
        Event(task_id=task_id, kind=Event.Kind.ROUTED, data=told(route)),
    ]


def record_route(task_id: uuid.UUID, route: Route, *, attempt_id: uuid.UUID | None = None) -> None:
    """Write to which account an order goes, and what was thought of each."""
    record(task_id, Event.Kind.ROUTED, attempt_id=attempt_id, **told(route))


def told(route: Route) -> dict[str, Any]:
    """Return what an event says of a route."""
    return {"provider": route.account.alias, "considered": list(route.reasons)}


def record(
    task_id: uuid.UUID, kind: Event.Kind, *, attempt_id: uuid.UUID | None = None, **data: Any
) -> None:
    """Write one step of a task's life, in the transaction that makes it true."""
    event_of(task_id, kind, attempt_id=attempt_id, **data).save(force_insert=True)


def event_of(
    task_id: uuid.UUID, kind: Event.Kind, *, attempt_id: uuid.UUID | None = None, **data: Any
) -> Event:
    """Return a step of a task's life, not yet written."""
    return Event(task_id=task_id, attempt_id=attempt_id, kind=kind, data=data)


def place_all() -> None:
    """Give each committed event its place that has none yet."""
    while place_events(BATCH) == BATCH:
        pass


def place_events(limit: int = BATCH) -> int:
    """Give the oldest committed events that have none yet their places, and return how many those were.

    One at a time: who sees a place sees all smaller ones. So a reader that goes on after the last place it saw misses
    nothing, whichever transaction committed first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        locks.take(PLACING)
        # Materialized, so that the sequence is drawn in the order of the ids.
        cursor.execute(
            """
            WITH fresh AS MATERIALIZED (
                SELECT id FROM generation_event WHERE position IS NULL ORDER BY id LIMIT %s
            ), placed AS MATERIALIZED (
                SELECT id, nextval('generation_event_position') AS position FROM fresh
            )
            UPDATE generation_event e SET position = placed.position
              FROM placed WHERE e.id = placed.id
            """,
            [limit],
        )
        placed: int = cursor.rowcount
    return placed
