"""The one way to write an event row."""

import uuid
from typing import Any

from generation.accounts.routing import Route
from generation.models import Event


def record_route(task_id: uuid.UUID, route: Route, *, attempt_id: uuid.UUID | None = None) -> None:
    """Write to which account an order goes, and what was thought of each."""
    record(
        task_id,
        Event.Kind.ROUTED,
        attempt_id=attempt_id,
        provider=route.account.alias,
        considered=list(route.reasons),
    )


def record(
    task_id: uuid.UUID, kind: Event.Kind, *, attempt_id: uuid.UUID | None = None, **data: Any
) -> None:
    """Write one step of a task's life, in the transaction that makes it true."""
    Event.objects.create(task_id=task_id, attempt_id=attempt_id, kind=kind, data=data)
