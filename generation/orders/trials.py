"""Whether recipes can be ordered: a sample order goes the way of a real one, up to its price. Writes nothing."""

import uuid
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from PIL import Image

from credits.pricing import PriceTooLarge, PriceUnknown
from generation.order import Order
from generation.orders.blame import at_template
from generation.orders.brought import Owner
from generation.orders.maker import Buyer
from generation.orders.operations import rehearse
from generation.orders.resolve import make_chain
from generation.orders.resolved import Resolved
from genhub.lib.errors import FieldError, InvalidRequest, Problem, gettext_noop
from genhub.lib.once import once
from genhub.platforms.models import Plan, Platform
from storage.encoding import encode_thumbnail
from storage.labels import NONE
from templates.rendering import Recipe, Rendered, render
from templates.samples import find_samples
from templates.selectors import list_recipes
from templates.trials import Trial
from templates.variables import fill

NOBODY = Owner(uuid.UUID(int=0), "")
IMPOSSIBLE = gettext_noop(
    "No value was found that meets the rules of “%(name)s”. If there is one, name it: “examples”: [“…”]."
)


def try_recipe(recipe: Recipe) -> Trial:
    """Return what would become of a sample order now: the first platform that could order it shows the way."""
    values, impossible, is_sure = find_samples(recipe)
    if impossible:
        wrong = [FieldError("parameters", "impossible", IMPOSSIBLE, {"name": n}) for n in impossible]  # fmt: skip
        return Trial(wrong)
    order = Order(template=recipe.code, parameters=values)
    failed = Trial()
    for platform_model in list_preferred(recipe.platforms):
        try:
            draw_up = partial(render if is_sure else fill_in, parameters=values)
            buyer = Buyer(NOBODY, platform_model, Plan(), recipe.local_only)
            found = make_chain(order, recipe, draw_up(recipe), buyer, draw_up)
            edited = rehearse(found.spec) if found.spec.operations else None
        except InvalidRequest as refusal:
            failed = Trial([at_template(error) for error in refusal.errors])
        except Problem as refusal:
            is_price = isinstance(refusal, PriceUnknown | PriceTooLarge)
            error = FieldError(
                "price" if is_price else "settings", refusal.code, refusal.detail, refusal.params
            )
            failed = Trial([error])
        else:
            return describe(found, edited)
    return failed


def fill_in(recipe: Recipe, parameters: Mapping[str, Any]) -> Rendered:
    """Return a recipe's words for parameters of which nobody knows whether they meet their rules."""
    prompts = fill(recipe.prompt, parameters), fill(recipe.negative_prompt, parameters)
    return Rendered(*prompts, dict(recipe.settings))


def list_preferred(codes: Collection[str]) -> list[str]:
    """Return the models that these platforms prefer, of none all; an empty name stands for the hub's default."""
    found = {model for code, model in list_active() if not codes or code in codes}
    return sorted(found) or [""]


@once
def list_active() -> list[tuple[str, str]]:
    """Return the code of each active platform, and the model that it prefers."""
    return list(Platform.objects.filter(is_active=True).values_list("code", "default_model"))


def describe(found: Resolved, edited: Image.Image | None) -> Trial:
    """Return what a sample order would make, how it would be edited, and what it would cost."""
    spec = found.spec
    return Trial(
        prompt=spec.prompt,
        negative_prompt=spec.negative_prompt,
        model=spec.model,
        width=spec.width,
        height=spec.height,
        steps=spec.steps,
        number=spec.number,
        price=found.quote.price,
        chain=tuple(
            f"{step.spec.model}, {step.spec.width}×{step.spec.height}: {step.quote.price}"
            for step in found.chain
        ),
        edited=encode_thumbnail(edited, NONE) if edited else b"",
    )


def find_broken() -> dict[str, list[FieldError]]:
    """Return the published templates that nobody can order now, by code, each with why."""
    tried = {recipe.code: try_recipe(recipe).mistakes for recipe in list_recipes()}
    return {code: mistakes for code, mistakes in tried.items() if mistakes}
