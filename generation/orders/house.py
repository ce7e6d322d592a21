"""Orders of the house: what staff have drawn to see what a template makes, before anybody can order it.

They go the way of every order, judged, queued, labelled and stored, under a platform that has no app: nobody pays.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from generation.order import Order
from generation.orders.cache import OFF
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved, as_gift
from generation.orders.submit import resolve_for, submit_once, use_of
from genhub.lib.errors import InvalidRequest
from genhub.platforms import idempotency
from genhub.platforms.house import find_house
from templates.rendering import Look, Recipe
from templates.sheets import PROMPTS, SEED

# Of a sheet's orders, where their metadata hold the prompt without the words of the style.
PROMPT: Final = "sheet"


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


def draw_sheet(look: Look, *, person: str, once: str) -> list[uuid.UUID]:
    """Order each standard prompt in a style, active or not, at the hub's expense, and return the ids of the tasks; the
    same ids for the same `once`, a key that names this very wish.

    Raises what a user's order would be refused for; what was ordered before that is found by the same key.
    """
    customer = replace(Customer.of(find_house(), person), fitting=look)
    found = []
    for number, prompt in enumerate(PROMPTS):
        digest = idempotency.digest({"style": look.code, "prompt": prompt})
        use = use_of(customer, f"{once}:{number}", digest)
        found.append(submit_once(customer, use, partial(resolve_in, customer, look, prompt)))
    return found


def resolve_in(customer: Customer, look: Look, prompt: str) -> Resolved:
    """Return the order of a prompt in a style made whole, for nothing: from the standard seed where its model takes
    one."""
    order = Order(
        prompt=prompt, style_preset=look.code, seed=SEED, num_images=1, use_preferences=False, cache=OFF,
        metadata={PROMPT: prompt},
    )  # fmt: skip
    try:
        return as_gift(resolve_for(customer, order))
    except InvalidRequest as refusal:
        if {error.field for error in refusal.errors} != {"seed"}:
            raise
        return as_gift(resolve_for(customer, replace(order, seed=None)))
