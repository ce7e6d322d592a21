"""The one way to write an event row."""

import uuid
from typing import Any

from generation.models import Event


def record(
    task_id: uuid.UUID, kind: Event.Kind, *, attempt_id: uuid.UUID | None = None, **data: Any
) -> None:
    """Write one step of a task's life, in the transaction that makes it true."""
    Event.objects.create(task_id=task_id, attempt_id=attempt_id, kind=kind, data=data)
