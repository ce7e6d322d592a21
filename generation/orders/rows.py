"""The rows of an order, not yet written, and a task that was just written as one that was read."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from generation.life import events
from generation.models import Attempt, Event, Output, Task
from generation.models.task import Priority
from generation.orders import chain
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved
from generation.selectors.delivered import keep_read, keep_rows
from genhub.lib import requestid, tracing


def task_of(task_id: uuid.UUID, customer: Customer, resolved: Resolved, now: datetime) -> Task:
    """Return the row, not yet written, of an order made whole."""
    spec, quote = resolved.spec, resolved.quote
    return Task(
        id=task_id,
        platform_id=customer.platform_id,
        user=customer.user,
        model=spec.model,
        template_version_id=resolved.recipe.version_id if resolved.recipe else None,
        style=resolved.style,
        quality=spec.quality,
        mode=spec.mode,
        priority=priority_of(resolved),
        spec=spec.to_json(),
        metadata=dict(resolved.metadata),
        webhook=resolved.webhook,
        subject=resolved.subject,
        request_id=requestid.current.get(),
        traceparent=tracing.current.get(),
        num_images=spec.number,
        unit_price=quote.unit_price,
        price=quote.price,
        pricing=quote.to_json(),
        follows_id=resolved.follows_id,
        cache_key=resolved.cache_key,
        cached_unit_price=resolved.cached_unit_price,
        local_only=resolved.local_only,
        timeout_seconds=resolved.timeout,
        chain=chain.keep(resolved),
        step=1 if resolved.chain else 0,
        **times_of(resolved.expires_in, now),
    )


def attempt_of(task: Task, resolved: Resolved, share_id: int) -> Attempt:
    """Return the row, not yet written, of a task's first attempt."""
    account, cost = resolved.route.account, resolved.spec.number
    return Attempt(
        task=task, number=1, step=task.step, account=account, share_id=share_id, cost=cost
    )


def priority_of(resolved: Resolved) -> Priority:
    """Return which orders an order goes with."""
    return Priority[resolved.priority.upper()]


def history_of(task: Task, resolved: Resolved) -> list[Event]:
    """Return a task's first events, not yet written: of what its vendor does further with a picture they say what, and
    with which part."""
    options = resolved.spec.options
    said = {name: options[name] for name in ("action", "index") if name in options}
    if task.request_id:
        said["request_id"] = task.request_id
    return events.begin_history(task.pk, resolved.route, price=task.price, **said)


def times_of(expires_in: int | None, now: datetime) -> dict[str, Any]:
    """Return when an order expires, and when it is ended as long as it waits."""
    if expires_in is None:
        return {"deadline_at": now + timedelta(seconds=settings.TASK_DEADLINE_SECONDS)}
    end = now + timedelta(seconds=expires_in)
    return {"expires_at": end, "deadline_at": end}


def remember_read(task: Task, attempt: Attempt, *outputs: Output) -> None:
    """Let a task that was just written be answered as one that was read: it has this attempt, and what was found."""
    keep_read(task, attempts=keep_rows(Attempt, attempt), outputs=keep_rows(Output, *outputs))
