"""The one way to write an event row."""

import uuid
from typing import Any

from generation.accounts.routing import Route
from generation.models import Event

# Of each of the rows `taken` that begins anew, in the statement that takes them: what has an id at its vendor is only
# asked for again.
RECORD_CLAIMS = """
        INSERT INTO generation_event (task_id, attempt_id, kind, data)
        SELECT task_id, id, 'claimed', jsonb_build_object('worker', %(worker)s::text)
          FROM taken
         WHERE remote_id = ''
"""


def record_order(task_id: uuid.UUID, route: Route, **said: Any) -> None:
    """Write that an order was taken, and to which account it goes, as `record_route` does."""
    submitted = {"provider": route.account.alias, **said}
    Event.objects.bulk_create(
        [
            Event(task_id=task_id, kind=Event.Kind.SUBMITTED, data=submitted),
            Event(task_id=task_id, kind=Event.Kind.ROUTED, data=told(route)),
        ]
    )


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
    Event.objects.create(task_id=task_id, attempt_id=attempt_id, kind=kind, data=data)
