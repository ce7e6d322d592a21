"""From what a caller asked for to what will be made and what it costs. Writes nothing."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generation.moderation import prompts
from generation.moderation.found import Found
from generation.order import Order
from generation.orders.abilities import find_mistakes, find_unsupported
from generation.orders.blame import blame
from generation.orders.chain import with_chain
from generation.orders.clips import CLIP, check_kind, narrow, with_clip
from generation.orders.estimate import estimate_usd
from generation.orders.inputs import (
    bound,
    find_inputs,
    fit_references,
    fit_usual,
)
from generation.orders.loras import find_loras
from generation.orders.maker import Buyer, find_route
from generation.orders.modes import (
    Usual,
    choose_mode,
    choose_priority,
    find_usual,
    find_usual_effort,
)
from generation.orders.operations import with_operations
from generation.orders.resolved import Resolved, quote_spec
from generation.orders.subjects import find_seeds
from generation.spec import PICTURES, REFERENCES, GenerationSpec, ModelCard
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field
from genhub.platforms.models import Moderation
from templates import rendering, selectors
from templates.chains import list_steps
from templates.kinds import find_bound
from templates.rendering import Look, Recipe, Rendered

# With a template these are staff's to decide: they made the recipe and set its price.
TEMPLATE_DECIDES = (
    "prompt", "negative_prompt", "model", "media_type", "width", "height", "steps", "cfg_scale", "style_preset",
    "loras", "duration", "fps", "resolution", "audio",
)  # fmt: skip
PROMPT_REQUIRED = gettext_noop("Say what to make: a prompt, or a template with parameters.")
# How its pictures become files: an order of a template, too, may say it otherwise.
OF_FORM = ("output_format", "output_compression")
WIRE_NAMES = {"media_type": "type"}


def resolve(
    order: Order,
    buyer: Buyer,
    *,
    moderation: str = Moderation.OFF,
    recipe: Recipe | None = None,
) -> Resolved:
    """Return the order with every default filled in, or raise InvalidRequest naming each wrong field, or PromptRefused.
    A recipe stands for the template that the order names.

    Raises PriceUnknown when the price list does not say what it costs, CostUnknown when nobody says what the hub pays
    and that is not allowed, and TemplateNotOrderable for what is wrong with the template, not with the order.
    """
    recipe = recipe or find_recipe(order, buyer.owner.platform_id)
    if recipe and recipe.local_only:
        buyer = replace(buyer, local_only=True)
    try:
        rendered = render(order, recipe)
        whole = bind(order, recipe) if recipe else order
        asked = join_prompts(whole, recipe, rendered)
        flagged = find_flagged(whole, recipe, asked, moderation)
        resolved = make_chain(whole, recipe, rendered, buyer)
    except InvalidRequest as refusal:
        raise (blame(refusal, order, recipe) if recipe else refusal) from None
    return replace(resolved, asked=asked, flagged=flagged)


def bind(order: Order, recipe: Recipe) -> Order:
    """Return an order of a template with the words of its own that parameters say, its picture and its seed; what the
    order says itself goes first."""
    said: dict[str, Any] = {}
    for name, word in find_bound(recipe.parameters).items():
        value = order.parameters.get(name, recipe.parameters[name].get("default"))
        if value is not None and getattr(order, word) is None:
            said[word] = value
    return replace(order, **said)


def join_prompts(order: Order, recipe: Recipe | None, rendered: Rendered) -> str:
    """Return all that an order asks for, in every step of its template."""
    further = list_steps(recipe) if recipe else []
    prompts_of_all = [rendering.render(step.recipe, order.parameters).prompt for step in further]
    return "\n".join([rendered.prompt, *prompts_of_all])


def make_chain(
    order: Order,
    recipe: Recipe | None,
    rendered: Rendered,
    buyer: Buyer,
    render_step: Callable[[Recipe], Rendered] | None = None,
) -> Resolved:
    """Return a rendered order with every default filled in, and the further steps of its template; raise as `resolve`
    does, at the words of an order."""
    return with_chain(
        make_whole(order, recipe, rendered, buyer),
        order,
        buyer.owner,
        render_step or (lambda own: rendering.render(own, order.parameters)),
        lambda said, own, words, owner: make_whole(said, own, words, replace(buyer, owner=owner)),
    )


def find_flagged(
    order: Order, recipe: Recipe | None, asked: str, moderation: str
) -> tuple[Found, ...]:
    """Return what an order that is taken says of the list of terms; raise PromptRefused where it is not taken."""
    policy = Moderation.strictest(moderation, recipe.moderation if recipe else "")
    if policy == Moderation.OFF:
        return ()
    own = [recipe.prompt, *(step.recipe.prompt for step in list_steps(recipe))] if recipe else []
    found = prompts.find_in_order(order, "\n".join(own), asked)
    if found and policy == Moderation.BLOCK:
        raise prompts.refusal_of(found)
    return tuple(found)


def make_whole(order: Order, recipe: Recipe | None, rendered: Rendered, buyer: Buyer) -> Resolved:
    """Return a rendered order with every default filled in; raise as `resolve` does, at the words of an order."""
    plan = buyer.plan
    priority = choose_priority(order, plan)
    named = order.style_preset or rendered.settings.get("style_preset") or ""
    style = buyer.brand.choose(named)
    look = find_look(style, buyer.fitting) if style else None
    if look:
        rendered = rendering.wear(look, rendered)
    words = Words(order, rendered.settings)
    asked = list_said(words, join_negative_prompts(order, rendered.negative_prompt, look))
    media_type = order.media_type or (recipe.media_type if recipe else "image")
    route = find_route(words.get("model"), asked, buyer, media_type)
    check_kind(words, media_type, route.card)
    own = rendered.negative_prompt or find_usual_negative_prompt(route.card)
    rendered = replace(rendered, negative_prompt=join_negative_prompts(order, own, look))
    quality = words.get("quality") or "standard"
    mode = choose_mode(order, rendered.settings, plan, quality)
    if mistakes := find_unsupported(order, asked, route.card):
        raise InvalidRequest(errors=mistakes)
    inputs = find_inputs(order, buyer.owner, route.card)
    said = words.get("width"), words.get("height")
    usual, card = find_usual(route.card, mode, quality), route.card
    if media_type == CLIP:
        card, usual = narrow(card, words, usual)
    # A direct order pays for its size.
    bounded = bound(card, usual, said) if recipe else card
    usual = fit_usual(usual, inputs, said, bounded, mode)
    spec = build_spec(words, rendered, card, media_type, usual)
    spec = replace(
        spec,
        seeds=find_seeds(order, spec.number, buyer.owner) if route.card.takes("seed") else (),
        **inputs.words(),
        style_references=fit_references(look.references if look else (), inputs.references, card),
        loras=find_loras(order, recipe.settings if recipe else {}, look, route.card),
        quality=quality,
        mode=mode,
        style=order.style or "",
        sampler=order.sampler or "",
        said=tuple(asked),
    )
    if mistakes := find_mistakes(spec, card):
        raise InvalidRequest(errors=mistakes)
    spec = with_operations(spec, recipe)
    if media_type == CLIP:
        spec = with_clip(spec, words, card)
    return Resolved(
        spec,
        route,
        recipe,
        style,
        priority,
        quote_spec(spec, buyer.owner.platform_id, plan, recipe),
        buyer.local_only,
        estimate_usd(route, spec),
        order.metadata,
        order.webhook or "",
        subject=order.subject or "",
        keeps_seed=order.subject is not None,
        names_seed=order.seed is not None,
        timeout=order.timeout,
        expires_in=order.expires_in,
        form={name: rendered.settings[name] for name in OF_FORM if name in rendered.settings},
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


def find_recipe(order: Order, platform_id: uuid.UUID) -> Recipe | None:
    """Return the order's template, None for a direct order; refuse one that its platform does not know, and words it
    does not leave open."""
    if order.template is None:
        if order.parameters:
            message = gettext_noop("Parameters belong to a template; name one.")
            raise refuse_field("parameters", "no_template", message)
        return None
    recipe = selectors.find_recipe(order.template, platform_id)
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
        raise refuse_field("prompt", "required", PROMPT_REQUIRED)
    return Rendered(order.prompt, order.negative_prompt or "", {})


def find_look(style: str, fitting: Look | None) -> Look:
    """Return a style by its code, the one that is tried on or an active one; refuse an unknown one."""
    look = fitting if fitting and fitting.code == style else selectors.find_look(style)
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
    said = {
        name: getattr(words.order, name) for name in ("seed", *PICTURES, REFERENCES, "strength")
    }
    # A subject is a seed that is remembered.
    said["seed"] = words.order.subject if said["seed"] is None else said["seed"]
    said |= {name: words.get(name) for name in ("steps", "cfg_scale")}
    # A silent clip is what a model makes that has no sound.
    said["audio"] = words.get("audio") or None
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
