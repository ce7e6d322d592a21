"""Batches as clients see them."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.reverse import reverse

from credits.selectors import HoldView
from generation.api.answers import answer_tasks
from generation.api.quote import answer_price
from generation.models import Batch
from generation.models.batch import PREFIX
from generation.orders.batch import Refused, Whole, keep_problem, word_kept
from generation.selectors.batches import count_states, list_places, measure, sum_credits
from generation.selectors.tasks import read_whole
from generation.states import BatchState
from genhub.api.addresses import address_of
from genhub.api.pages import DEFAULT_PAGE
from genhub.lib.ids import to_wire

REFUSED = "refused"


def answer_batches(batches: Sequence[Batch], request: Request) -> list[dict[str, Any]]:
    """Return batches without their orders, in a few queries for all of them."""
    held, done = sum_credits(batches), measure(batches)
    return [outline(one, held[one.pk], done[one.pk], request) for one in batches]


def outline(batch: Batch, held: HoldView, done: float, request: Request) -> dict[str, Any]:
    """Return where a batch stands."""
    wire_id = to_wire(PREFIX, batch.pk)
    return {
        "id": wire_id,
        "status": batch.state,
        "user": batch.user,
        "policy": batch.policy,
        "counts": {**count_states(batch), REFUSED: len(batch.refused)},
        "progress": done,
        "credits": {"price": batch.price, **vars(held)},
        "metadata": batch.metadata,
        "webhook": batch.webhook or None,
        "url": address_of("batch", wire_id, request),
        "cancel_url": address_of("batch-cancel", wire_id, request),
        "tasks_url": tasks_url(wire_id, request),
        "created_at": batch.created_at,
        "ended_at": batch.ended_at,
        "canceled_at": batch.ended_at if batch.state == BatchState.CANCELED else None,
    }


def tasks_url(wire_id: str, request: Request) -> str:
    """Return where all tasks of a batch are listed."""
    return f"{reverse('task-list', request=request)}?batch={wire_id}"


def answer_batch(batch: Batch, request: Request) -> dict[str, Any]:
    """Return a batch in full: what became of each order, and the first tasks with their results."""
    [found] = answer_batches([batch], request)
    tasks = list(read_whole(batch.tasks.order_by("-id"))[:DEFAULT_PAGE])
    return {
        **found,
        "orders": answer_orders(batch),
        "tasks": answer_tasks(tasks, request),
        "has_more_tasks": batch.total > len(tasks),
    }


def answer_orders(batch: Batch) -> list[dict[str, Any]]:
    """Return, in the order of the request, each order's task, or why it was refused."""
    places: dict[int, dict[str, Any]] = {
        index: {"task_id": to_wire("task", task_id), "status": state, "problem": None}
        for index, (task_id, state) in list_places(batch).items()
    }
    for kept in batch.refused:
        places[kept["index"]] = {"task_id": None, "status": REFUSED, "problem": word_kept(kept)}
    return [{"index": index, **places[index]} for index in sorted(places)]


def answer_quote(taken: Sequence[Whole], refused: Sequence[Refused]) -> dict[str, Any]:
    """Return what a batch would cost, and each of its orders."""
    found: dict[int, dict[str, Any]] = {}
    for one in taken:
        found[one.entry.index] = {**answer_price(one.resolved), "problem": None}
    nothing = dict.fromkeys(
        ("price", "unit_price", "number", "mode", "priority", "estimated_cost_usd")
    )
    for other in refused:
        found[other.entry.index] = {**nothing, "problem": word_kept(keep_problem(other))}
    costs = [one.resolved.estimated_cost_usd for one in taken]
    known = [cost for cost in costs if cost is not None]
    price = sum(one.resolved.quote.price for one in taken)
    return {
        "price": price,
        "held": price,
        "count": len(taken),
        "orders": [{"index": index, **found[index]} for index in sorted(found)],
        # Of a sum with an unknown part nothing is known.
        "estimated_cost_usd": float(sum(known)) if len(known) == len(costs) else None,
    }


def answer_refusal(code: str) -> dict[str, Any]:
    """Return whether all of it could be taken at this moment."""
    return {"affordable": not code, "refusal": code or None}
