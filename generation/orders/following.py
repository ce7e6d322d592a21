"""What is asked of an order that goes on with a finished picture, and what all such orders share."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from generation.accounts.routing import Route
from generation.models import Task
from generation.order import Order
from generation.orders.customer import Customer
from generation.orders.estimate import estimate_usd
from generation.orders.modes import choose_priority
from generation.orders.resolved import Resolved, quote_spec
from generation.orders.submit import submit_once, use_of
from generation.spec import GenerationSpec
from genhub.lib.ids import to_wire
from genhub.platforms import idempotency
from genhub.platforms.models import Plan

# What the hub writes into the metadata of an order that was made of another.
ORIGINS = ("refines", "follows")


@dataclass(frozen=True)
class Following:
    """What to do with which picture, counted from 0, and with which part of it, counted from 1; where its end is told,
    and its times in seconds."""

    action: str
    picture: int = 0
    part: int | None = None
    webhook: str | None = None
    timeout: int | None = None
    expires_in: int | None = None
    output_format: str | None = None
    output_compression: int | None = None
    embed_parameters: bool | None = None


def metadata_of(before: Mapping[str, Any], follows: str) -> dict[str, Any]:
    """Return the metadata of an order that goes on with this picture or task, after those of the order before."""
    kept = {name: value for name, value in before.items() if name not in ORIGINS}
    return {**kept, "follows": follows}


def submit_further(
    customer: Customer,
    origin: Mapping[str, str],
    wanted: Any,
    make_whole: Callable[[], Resolved],
    *,
    idempotency_key: str,
) -> uuid.UUID:
    """Return the id of the task that goes on with a picture, or of the one made earlier for the same key and request:
    what is wanted, a dataclass, of this origin.

    Raises what `make_whole` raises, QueueFull, IdempotencyKeyReused or what the ledger refuses; then nothing was
    written.
    """
    # What the key stands for is the request: what a model makes of it may be another tomorrow.
    request = {**origin, **asdict(wanted)}
    said = {name: value for name, value in request.items() if value is not None}
    use = use_of(customer, idempotency_key, idempotency.digest(said))
    return submit_once(customer, use, make_whole)


def make_further(
    customer: Customer,
    wanted: Following,
    spec: GenerationSpec,
    route: Route,
    task: Task | None,
    *,
    local_only: bool,
) -> Resolved:
    """Return an order of this spec, still without its form, that goes on with a picture of this task's, or with one
    from outside, the spec's."""
    plan = customer.plan or Plan()
    follows = to_wire("task", task.pk) if task else spec.image
    return Resolved(
        spec=spec,
        route=route,
        recipe=None,
        style="",
        priority=choose_priority(Order(), plan),
        quote=quote_spec(spec, customer.platform_id, plan),
        local_only=local_only,
        estimated_cost_usd=estimate_usd(route, spec),
        metadata=metadata_of(task.metadata if task else {}, follows),
        subject=task.subject if task else "",
        webhook=wanted.webhook or "",
        timeout=wanted.timeout,
        expires_in=wanted.expires_in,
    )
