"""Orders of the house: what staff have drawn to see what a template makes, before anybody can order it.

They go the way of every order, judged, queued, labelled and stored, under a platform that has no app: nobody pays.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generation.orders.cache import OFF
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved, as_gift
from generation.orders.submit import resolve_for, submit_once, use_of
from generation.spec import Order
from genhub.platforms import idempotency
from genhub.platforms.house import find_house
from templates.rendering import Recipe


@dataclass(frozen=True)
class Wanted:
    """What to draw by a recipe: its parameters, and the seed of the first picture; None: any."""

    parameters: Mapping[str, Any]
    seed: int | None = None
    number: int | None = None


def draw_by(recipe: Recipe, wanted: Wanted, *, person: str, once: str) -> uuid.UUID:
    """Order by a recipe, published or not, at the hub's expense, and return the id of the task; the same id for the
    same `once`, a key that names this very wish.

    Raises what a user's order of it would be refused for; then nothing was written.
    """
    customer = Customer.of(find_house(), person)
    said = {"version": str(recipe.version_id), **vars(wanted)}
    use = use_of(customer, f"{once}:{recipe.version_id}", idempotency.digest(said))
    return submit_once(customer, use, lambda: resolve_by(customer, recipe, wanted))


def resolve_by(customer: Customer, recipe: Recipe, wanted: Wanted) -> Resolved:
    """Return the order of a recipe made whole, for nothing."""
    order = Order(
        template=recipe.code,
        parameters=wanted.parameters,
        seed=wanted.seed,
        num_images=wanted.number,
        use_preferences=False,
        cache=OFF,
    )
    return as_gift(resolve_for(customer, order, recipe=recipe))
