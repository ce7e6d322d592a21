"""From what a caller asked for to what will be made and what it costs. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from generation.accounts import routing
from generation.orders.abilities import find_mistakes, find_unsupported
from generation.orders.blame import blame
from generation.orders.brought import Owner
from generation.orders.estimate import estimate_usd
from generation.orders.inputs import (
    bound,
    find_inputs,
    find_loras,
    fit_usual,
)
from generation.orders.modes import (
    Usual,
    choose_mode,
    choose_priority,
    find_usual,
    find_usual_effort,
)
from generation.orders.resolved import Resolved, quote_spec
from generation.orders.subjects import find_seeds
from generation.spec import GenerationSpec, ModelCard, Order
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field
from genhub.platforms.models import Plan
from templates import rendering, selectors
from templates.rendering import Look, Recipe, Rendered

# With a template these are staff's to decide: they made the recipe and set its price.
TEMPLATE_DECIDES = (
    "prompt", "negative_prompt", "model", "media_type", "width", "height", "steps", "cfg_scale", "style_preset",
    "loras",
)  # fmt: skip
WIRE_NAMES = {"media_type": "type"}


@dataclass(frozen=True)
class Buyer:
    """Whose order it is, the model that the platform prefers, and its plan."""

    owner: Owner
    platform_model: str
    plan: Plan
    local_only: bool = False


def resolve(
    order: Order,
    *,
    owner: Owner,
    platform_model: str,
    plan: Plan | None = None,
    local_only: bool = False,
) -> Resolved:
    """Return the order with every default filled in, or raise InvalidRequest naming each wrong field.

    Raises PriceUnknown when the price list does not say what it costs, CostUnknown when nobody says what the hub pays
    and that is not allowed, and TemplateNotOrderable for what is wrong with the template, not with the order.
    """
    recipe = find_recipe(order)
    local_only = local_only or bool(recipe and recipe.local_only)
    buyer = Buyer(owner, platform_model, plan or Plan(), local_only)
    try:
        return make_whole(order, recipe, render(order, recipe), buyer)
    except InvalidRequest as refusal:
        raise (blame(refusal, order, recipe) if recipe else refusal) from None


def make_whole(order: Order, recipe: Recipe | None, rendered: Rendered, buyer: Buyer) -> Resolved:
    """Return a rendered order with every default filled in; raise as `resolve` does, at the words of an order."""
    plan = buyer.plan
    priority = choose_priority(order, plan)
    style = order.style_preset or rendered.settings.get("style_preset") or ""
    look = find_look(style) if style else None
    if look:
        rendered = rendering.wear(look, rendered)
    words = Words(order, rendered.settings)
    asked = list_said(words, join_negative_prompts(order, rendered.negative_prompt, look))
    route = find_route(words.get("model"), asked, buyer)
    media_type = order.media_type or (recipe.media_type if recipe else "image")
    own = rendered.negative_prompt or find_usual_negative_prompt(route.card)
    rendered = replace(rendered, negative_prompt=join_negative_prompts(order, own, look))
    quality = words.get("quality") or "standard"
    mode = choose_mode(order, rendered.settings, plan, quality)
    if mistakes := find_unsupported(order, asked, route.card):
        raise InvalidRequest(errors=mistakes)
    inputs = find_inputs(order, buyer.owner, route.card)
    said = words.get("width"), words.get("height")
    usual = find_usual(route.card, mode, quality)
    # A direct order pays for its size.
    bounded = bound(route.card, usual, said) if recipe else route.card
    usual = fit_usual(usual, inputs, said, bounded, mode)
    spec = build_spec(words, rendered, route.card, media_type, usual)
    spec = replace(
        spec,
        seeds=find_seeds(order, spec.number, buyer.owner) if route.card.takes("seed") else (),
        **inputs.words(),
        loras=find_loras(order, route.card),
        quality=quality,
        mode=mode,
        style=order.style or "",
        sampler=order.sampler or "",
        said=tuple(asked),
    )
    if mistakes := find_mistakes(spec, route.card):
        raise InvalidRequest(errors=mistakes)
    return Resolved(
        spec,
        route,
        recipe,
        style,
        priority,
        quote_spec(spec, plan, recipe),
        buyer.local_only,
        estimate_usd(route, spec),
        order.metadata,
        order.webhook or "",
        subject=order.subject or "",
        keeps_seed=order.subject is not None,
        names_seed=order.seed is not None,
        timeout=order.timeout,
        expires_in=order.expires_in,
    )


@dataclass(frozen=True)
class Words:
    """The request words: the order's own first, then what template and style decide."""

    order: Order
    settings: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """Return a word's value, or None when nobody said it."""
        said = getattr(self.order, name)
        return self.settings.get(name) if said is None else said


def find_route(named: Any, asked: Mapping[str, Any], buyer: Buyer) -> routing.Route:
    """Return who makes the order: by the model that it names, else the platform's, else the hub's; of several accounts
    one that takes what the order says.

    Refuses a model that is not offered: to take another one in its place would be to guess.
    """
    alias = str(named or buyer.platform_model or default_model())
    if route := routing.choose(alias, said=asked, local_only=buyer.local_only):
        return route
    if buyer.local_only and routing.choose(alias):
        code, message = (
            "leaves_the_house",
            gettext_noop(
                "This order must stay in the house, and “%(model)s” is only made outside. Name a model of the house."
            ),
        )
    elif not named:
        code, message = (
            "default_unavailable",
            gettext_noop(
                "The order names no model, and the usual one, “%(model)s”, is not offered now. Name another."
            ),
        )
    elif routing.is_known(alias):
        code, message = (
            "switched_off",
            gettext_noop("The model “%(model)s” is switched off now. Name another."),
        )
    else:
        raise refuse_field("model", "unknown", gettext_noop("There is no model of this name."))
    raise refuse_field("model", code, message, model=alias)


def find_recipe(order: Order) -> Recipe | None:
    """Return the order's template, None for a direct order; refuse an unknown one and words it does not leave open."""
    if order.template is None:
        if order.parameters:
            message = gettext_noop("Parameters belong to a template; name one.")
            raise refuse_field("parameters", "no_template", message)
        return None
    recipe = selectors.find_recipe(order.template)
    if recipe is None:
        raise refuse_field(
            "template", "unknown", gettext_noop("There is no published template of this code.")
        )
    message = gettext_noop("The template decides this; leave it out.")
    if said := [name for name in TEMPLATE_DECIDES if getattr(order, name) is not None]:
        raise InvalidRequest(
            errors=[FieldError(WIRE_NAMES.get(n, n), "decided_by_template", message) for n in said]
        )
    return recipe


def render(order: Order, recipe: Recipe | None) -> Rendered:
    """Return the prompts and fixed words of an order."""
    if recipe:
        return rendering.render(recipe, order.parameters)
    if order.prompt is None:
        message = gettext_noop("Say what to make: a prompt, or a template with parameters.")
        raise refuse_field("prompt", "required", message)
    return Rendered(order.prompt, order.negative_prompt or "", {})


def find_look(style: str) -> Look:
    """Return a style by its code; refuse an unknown one."""
    look = selectors.find_look(style)
    if look is None:
        raise refuse_field(
            "style_preset", "unknown", gettext_noop("There is no style of this code.")
        )
    return look


def find_usual_negative_prompt(card: ModelCard) -> str:
    """Return what a model avoids when nobody says it."""
    return card.default_negative_prompt if card.takes("negative_prompt") else ""


def join_negative_prompts(order: Order, own: str, look: Look | None) -> str:
    """Return what to avoid: these words, then the style's; nothing if the order said that it wants none."""
    if order.negative_prompt == "":
        return ""
    return ", ".join(filter(None, [own, look.negative_prompt if look else ""]))


def list_said(words: Words, negative_prompt: str) -> dict[str, Any]:
    """Return what the order, its template or its style says of the words that not every model takes."""
    said = {name: getattr(words.order, name) for name in ("seed", "image", "mask", "strength")}
    # A subject is a seed that is remembered.
    said["seed"] = words.order.subject if said["seed"] is None else said["seed"]
    said |= {name: words.get(name) for name in ("steps", "cfg_scale")}
    said["negative_prompt"] = negative_prompt or None
    return {name: value for name, value in said.items() if value is not None}


def build_spec(
    words: Words, rendered: Rendered, card: ModelCard, media_type: str, usual: Usual
) -> GenerationSpec:
    """Return the spec, without seeds, with what is usual filled in; what the model does not take is not there."""
    effort = find_usual_effort(card, usual)
    effort |= {name: said for name in effort if (said := words.get(name)) is not None}
    return GenerationSpec(
        media_type=media_type,
        model=card.alias,
        prompt=rendered.prompt,
        negative_prompt=rendered.negative_prompt,
        width=usual.width if words.get("width") is None else words.get("width"),
        height=usual.height if words.get("height") is None else words.get("height"),
        steps=effort.get("steps"),
        cfg_scale=float(effort["cfg_scale"]) if "cfg_scale" in effort else None,
        number=words.get("num_images") or 1,
    )


def default_model() -> str:
    """Return the model of orders that name none, offered or not."""
    return str(settings.DEFAULT_MODEL)
