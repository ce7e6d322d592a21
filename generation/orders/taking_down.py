"""Staff take a picture down: its files go, no order finds it any more, and its share may be paid back."""

import uuid
from typing import Any

from generation.life import doorbell
from generation.models import Output, Task
from genhub.webhooks import outbox
from storage import taking_down


def take_down(picture_id: uuid.UUID, *, reason: str, person: Any) -> list[uuid.UUID]:
    """Delete a picture for good wherever it is shown, and return the ids of the pictures that went; raise as the store
    does. What was drawn like it is found by no later order."""
    gone = taking_down.take_down(picture_id, reason=reason, person=person)
    drawn = Output.objects.filter(artifact_id__in=gone).order_by()
    Task.objects.filter(pk__in=drawn.values("task_id")).update(cache_key="")
    doorbell.ring_after_commit(outbox.QUEUE)
    return gone
