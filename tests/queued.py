"""Orders that wait, in great number: written as submitting leaves them, without credits."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from generation.models import Account, Attempt, Share, Task
from genhub.platforms.models import Platform
from tests.paid_orders import SPEC


def place_in(platform: Platform, user: str, *, queue: str = "local", priority: int = 5) -> Share:
    """Return a user's place in a queue."""
    words: dict[str, Any] = {"queue": queue, "priority": priority, "user": user}
    return Share.objects.get_or_create(platform=platform, **words)[0]


def wait_in(shares: Sequence[Share], account: Account, *, pictures: int = 1) -> list[Task]:
    """Write an order that waits in each of the shares, in this order, and return their tasks."""
    tasks = [
        Task(
            platform_id=share.platform_id, user=share.user, model="z-image-small", quality="standard",
            priority=share.priority, spec=SPEC | {"media_type": "image", "negative_prompt": "",
            "model": "z-image-small", "seeds": list(range(pictures)), "number": pictures}, num_images=pictures,
            unit_price=0, price=0, deadline_at=Now() + timedelta(days=1),
        )
        for share in shares
    ]  # fmt: skip
    Task.objects.bulk_create(tasks)
    Attempt.objects.bulk_create(
        Attempt(task=task, number=1, account=account, share=share, cost=pictures)
        for task, share in zip(tasks, shares, strict=True)
    )
    return tasks
