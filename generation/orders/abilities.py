"""What a model cannot do of an order, said at each word. Writes nothing."""

from collections.abc import Mapping
from typing import Any

from generation.order import Order
from generation.spec import REFERENCES, GenerationSpec, ModelCard
from genhub.lib.errors import FieldError, gettext_noop
from genhub.lib.limits import SIDE_MULTIPLE_PIXELS


def find_unsupported(order: Order, said: Mapping[str, Any], card: ModelCard) -> list[FieldError]:
    """Return each word that was said and that the model does not take: nothing is dropped in silence."""
    message = gettext_noop(
        "The model “%(model)s” does not take this; leave it out, or the style that says it."
    )
    # Without seeds there is none to remember.
    by_seed = [name for name in ("seed", "subject") if getattr(order, name) is not None]
    return find_too_many(order, card) + [
        FieldError(field, "unsupported", message, {"model": card.alias})
        for name in card.unsupported
        if name in said
        for field in (by_seed if name == "seed" else [name])
    ]


def find_too_many(order: Order, card: ModelCard) -> list[FieldError]:
    """Return that an order names more reference pictures than the model takes."""
    most = card.most_references
    if len(order.references or ()) <= most:
        return []
    message = gettext_noop(
        "The model “%(model)s” takes no reference pictures. Leave them out, or name a model that does: GET models says of "
        "each how many."
    )
    if most:
        message = gettext_noop("The model “%(model)s” takes at most %(limit)s reference pictures.")
    return [FieldError(REFERENCES, "too_many", message, {"model": card.alias, "limit": most})]


def find_mistakes(spec: GenerationSpec, card: ModelCard) -> list[FieldError]:
    """Return what the model cannot do of a spec, one error a field."""
    mistakes = []
    if not spec.prompt.strip():
        mistakes.append(FieldError("prompt", "blank", gettext_noop("This may not be blank.")))
    for name in ("prompt", "negative_prompt"):
        if len(getattr(spec, name)) > card.longest_prompt:
            message = gettext_noop("At most %(limit)s characters; it is never cut.")
            mistakes.append(FieldError(name, "too_long", message, {"limit": card.longest_prompt}))
    mistakes += find_size_mistakes(spec, card)
    mistakes += find_choice_mistakes(spec, card)
    for name, most in (("steps", card.largest_steps), ("cfg_scale", card.largest_cfg_scale)):
        value = getattr(spec, name)
        if value is not None and value > most:
            message = gettext_noop("At most %(limit)s with this model.")
            mistakes.append(FieldError(name, "too_large", message, {"limit": most}))
    return mistakes


def find_choice_mistakes(spec: GenerationSpec, card: ModelCard) -> list[FieldError]:
    """Return the words that are none of those that the model lists."""
    mistakes = []
    for name, listed in (("style", card.styles), ("sampler", card.samplers)):
        said = getattr(spec, name)
        if not said or said in listed:
            continue
        params = {"model": card.alias, "choices": ", ".join(listed)}
        message = (
            gettext_noop("The model “%(model)s” takes one of these: %(choices)s.")
            if listed
            else gettext_noop("The model “%(model)s” does not take this; leave it out.")
        )
        mistakes.append(FieldError(name, "unsupported", message, params))
    return mistakes


def find_size_mistakes(spec: GenerationSpec, card: ModelCard) -> list[FieldError]:
    """Return what is wrong with width and height."""
    mistakes: list[FieldError] = []
    if (spec.width, spec.height) in card.sizes:
        return mistakes
    for name in ("width", "height"):
        side = getattr(spec, name)
        if side % SIDE_MULTIPLE_PIXELS:
            message = gettext_noop("It must be a multiple of %(limit)s pixels.")
            mistakes.append(
                FieldError(name, "not_a_multiple", message, {"limit": SIDE_MULTIPLE_PIXELS})
            )
        elif not card.smallest_side <= side <= card.largest_side:
            message = gettext_noop("From %(least)s to %(most)s pixels with this model.")
            limits = {"least": card.smallest_side, "most": card.largest_side}
            mistakes.append(FieldError(name, "out_of_range", message, limits))
    if not mistakes and card.sizes and (spec.width, spec.height) not in card.sizes:
        sizes = ", ".join(f"{width}x{height}" for width, height in card.sizes)
        message = gettext_noop("This model makes %(sizes)s.")
        mistakes.append(FieldError("width", "unsupported_size", message, {"sizes": sizes}))
    return mistakes
