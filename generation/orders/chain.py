"""The steps of an order whose template has several: each made whole as an order of its own, all of them one price.

What an order says besides its parameters is of the first step; the others are as the template says. Writes nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from credits.pricing import ORIGINS, TEMPLATE, Quote
from generation.order import Order
from generation.orders.blame import OF_PARAMETERS, PROMPTS
from generation.orders.brought import Found, Owner
from generation.orders.operations import measure
from generation.orders.resolved import Resolved
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field
from templates.chains import PROMISE, Step, at_step, list_steps
from templates.rendering import Recipe, Rendered
from templates.variables import find_variables
from templates.wording import word_lazily

# Of a step for an owner: its recipe's order, rendered, made whole.
Make = Callable[[Order, Recipe, Rendered, Owner], Resolved]


def with_chain(
    first: Resolved,
    order: Order,
    owner: Owner,
    render: Callable[[Recipe], Rendered],
    make: Make,
) -> Resolved:
    """Return an order with the further steps of its template, and the price of all; as it is where there are none.

    Raises InvalidRequest naming the step, and whatever `resolve` raises.
    """
    recipe = first.recipe
    if recipe is None or not recipe.chain:
        return first
    if first.spec.number > 1:
        message = gettext_noop("Each step of this template makes one; leave it out.")
        raise refuse_field("num_images", "one_each", message)
    steps = [first]
    for step in list_steps(recipe):
        with named(step):
            said = order_of(order, step)
            promised = {
                promise_of(number): promise(number, steps) for number in step.takes.values()
            }
            rendered = render(step.recipe)
            steps.append(make(said, step.recipe, rendered, owner._replace(promised=promised)))
    return join(steps, recipe)


def order_of(order: Order, step: Step) -> Order:
    """Return what an order says of a further step."""
    taken: dict[str, Any] = {name: promise_of(number) for name, number in step.takes.items()}
    return Order(
        template=order.template, parameters=order.parameters, strength=step.strength, **taken
    )


def promise_of(number: int) -> str:
    """Return by which name later steps take what a step makes."""
    return f"{PROMISE}{number}"


def promise(number: int, steps: Sequence[Resolved]) -> Found:
    """Return the picture that a step will make."""
    return Found(promise_of(number), *measure(steps[number - 1].spec))


@contextmanager
def named(step: Step) -> Iterator[None]:
    """Say of what is wrong with a step which one it is; of what the order's own parameters make too long, that."""
    try:
        yield
    except InvalidRequest as refusal:
        raise InvalidRequest(errors=[at(step, error) for error in refusal.errors]) from refusal


def at(step: Step, error: FieldError) -> FieldError:
    """Return a mistake of a step at the field of the template, or of the parameters, that holds it."""
    if error.field.startswith("parameters"):
        return error
    if error.field in PROMPTS and find_variables(getattr(step.recipe, error.field)):
        return FieldError("parameters", error.code, OF_PARAMETERS, {"mistake": word_lazily(error)})
    return at_step(step.number, error)


def join(steps: Sequence[Resolved], recipe: Recipe) -> Resolved:
    """Return the first step as the order of all: one price, which is their sum."""
    price = sum(step.quote.price for step in steps)
    costs = [step.estimated_cost_usd for step in steps]
    known = [cost for cost in costs if cost is not None]
    return replace(
        steps[0],
        quote=Quote(price, price, 1, ORIGINS[TEMPLATE], recipe.code, price),
        estimated_cost_usd=sum(known[1:], known[0]) if len(known) == len(costs) else None,
        chain=tuple(steps),
    )


def keep(resolved: Resolved) -> list[dict[str, Any]]:
    """Return the steps of an order as its task keeps them; the first as it stands by now."""
    specs = [resolved.spec, *(step.spec for step in resolved.chain[1:])] if resolved.chain else []
    return [
        {
            "spec": spec.to_json(),
            "price": step.quote.price,
            "pricing": step.quote.to_json(),
            "style": step.style,
        }
        for spec, step in zip(specs, resolved.chain, strict=True)
    ]


def list_quoted(chain: Sequence[Resolved]) -> list[Mapping[str, Any]]:
    """Return what each step of an order would make, and its price, as apps are told."""
    return [
        {
            "step": number,
            "type": step.spec.media_type,
            "model": step.spec.model,
            "width": step.spec.width,
            "height": step.spec.height,
            "price": step.quote.price,
        }
        for number, step in enumerate(chain, 1)
    ]
