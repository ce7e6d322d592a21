"""What generation gives away of a platform: its orders, what came of them, and what happened to each. Addresses that
orders are told at stay, since they may hold a secret; so does what decides who finds whose picture."""

from generation.models import Batch, Event, Output, Task
from genhub.lib.takeout import Table

TOLD_AT = frozenset({"webhook"})
OF_THE_HUB = frozenset({"cache_key", "leads", "traceparent"})
TABLES = (
    Table("batches", lambda platform_id: Batch.objects.filter(platform=platform_id), TOLD_AT),
    Table("tasks", lambda platform_id: Task.objects.filter(platform=platform_id), TOLD_AT | OF_THE_HUB),
    Table("outputs", lambda platform_id: Output.objects.filter(task__platform=platform_id)),
    Table("events", lambda platform_id: Event.objects.filter(task__platform=platform_id)),
)  # fmt: skip
