"""Completed and paid tasks in great number, written as a worker leaves them, in a second."""

from typing import Any

from django.db.models.functions import Now

from credits import ledger
from credits.models import Purse
from generation.models import Account, Attempt, Output, Share, Task
from generation.states import AttemptState, TaskState
from genhub.lib.ids import new_id
from storage.models import Artifact

SPEC = {"prompt": "a star", "width": 64, "height": 64, "steps": 4, "cfg_scale": 2.0, "seeds": [1]}


def pay(purse: Purse, provider: Account, number: int, price: int = 10) -> list[Task]:
    """Write completed tasks of one picture each, paid from the purse, and return them, oldest first."""
    owner: dict[str, Any] = {"platform_id": purse.platform_id, "user": purse.user}
    tasks = [
        Task(
            **owner, state=TaskState.COMPLETED, model="z-image-small", quality="standard",
            spec=SPEC, num_images=1, unit_price=price, price=price,
            deadline_at=Now(), completed_at=Now(),
        )
        for _ in range(number)
    ]  # fmt: skip
    Task.objects.bulk_create(tasks)
    orders = [(task.pk, price) for task in tasks if price]
    for hold_id in ledger.hold_many(purse.pk, orders) if orders else ():
        ledger.settle(hold_id, price)
    pictures = [
        Artifact(
            **owner, id=(key := new_id()), key=f"{key}.png", thumbnail_key=f"{key}.webp",
            sha256="0" * 64, content_type="image/png", size_bytes=1, width=64, height=64,
        )
        for _ in tasks
    ]  # fmt: skip
    Artifact.objects.bulk_create(pictures)
    pairs = list(zip(tasks, pictures, strict=True))
    Output.objects.bulk_create(
        [Output(task=task, position=0, seed=1, artifact=picture) for task, picture in pairs]
    )
    share = Share.objects.get_or_create(**owner, queue=provider.queue, priority=5)[0]
    Attempt.objects.bulk_create(
        [
            Attempt(task=task, number=1, account=provider, share=share, state=AttemptState.SUCCEEDED, ended_at=Now())
            for task in tasks
        ]
    )  # fmt: skip
    return tasks
