"""What a user usually orders with: words of an order, judged as an order's, and taken only where one asks for them.

An order never changes because of what somebody stored: a request that is sent again, or by another app of the same
platform, means the same tomorrow. Who wants them says `use_preferences`, or reads them and shows them in a form.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from generation.models import Preferences
from generation.order import Order
from generation.orders.blame import name_it
from generation.orders.brought import Owner
from generation.orders.clips import CLIP
from generation.orders.resolve import TEMPLATE_DECIDES, find_recipe
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.lib.once import once
from genhub.retention.holds import refuse_held
from templates import selectors

PREFERABLE = (
    "template", "model", "style_preset", "quality", "mode", "style", "sampler", "num_images", "width", "height",
    "steps", "cfg_scale", "negative_prompt",
)  # fmt: skip
SIZE = ("width", "height")
# Of these all or none are taken: with one of them said, the others meant something else.
TOGETHER = (SIZE, ("quality", "mode"))
# What was chosen for a model, and another may not take.
OF_MODEL = (*SIZE, "steps", "cfg_scale", "style", "sampler", "negative_prompt")
# Any prompt that every model takes.
SAMPLE = "x"
PREFERRED = gettext_noop("It comes from the user's preferences: %(mistake)s")


@once
def read(platform_id: uuid.UUID, user: str) -> dict[str, Any]:
    """Return a user's usual words; none: an empty dictionary."""
    rows = Preferences.objects.filter(platform_id=platform_id, user=user)
    return dict(rows.values_list("words", flat=True).first() or {})


def put(
    platform_id: uuid.UUID, user: str, words: Mapping[str, Any], judge: Callable[[Order], object]
) -> None:
    """Let these be a user's usual words, and no others; raise what `judge` refuses an order with them for."""
    if not words:
        forget(platform_id, user)
        return
    if "template" in words:
        find_recipe(Order(template=words["template"]), platform_id)
    direct = {name: value for name, value in words.items() if name != "template"}
    judge(Order(prompt=SAMPLE, **direct))
    Preferences.objects.update_or_create(
        platform_id=platform_id,
        user=user,
        defaults={"words": dict(words), "updated_at": Now()},
    )


@transaction.atomic
def forget(platform_id: uuid.UUID, user: str) -> None:
    """Forget a user's usual words; raise UnderHold."""
    refuse_held(platform_id, user)
    Preferences.objects.filter(platform_id=platform_id, user=user).delete()


@contextmanager
def preferred(order: Order, owner: Owner) -> Iterator[Order]:
    """Give an order with what it does not say filled in by its user's usual words, where it asks for that; of what is
    refused then, say when it comes from them."""
    if not order.use_preferences:
        yield order
        return
    usual = read(owner.platform_id, owner.user)
    filling = choose(order, usual, owner.platform_id)
    try:
        yield replace(order, **filling)
    except InvalidRequest as refusal:
        errors = [
            FieldError(error.field, error.code, PREFERRED, name_it(error))
            if error.field in filling
            else error
            for error in refusal.errors
        ]
        raise InvalidRequest(errors=errors) from refusal


def choose(order: Order, words: Mapping[str, Any], platform_id: uuid.UUID) -> dict[str, Any]:
    """Return which of a user's usual words an order takes."""
    said = {name for name in PREFERABLE if getattr(order, name) is not None}
    # A prompt says that it is no order of a template.
    template = order.template or (words.get("template") if order.prompt is None else None)
    left_out = set() if template else {"template"}
    if template:
        said |= list_decided(template, platform_id)
        left_out.update(TEMPLATE_DECIDES, OF_MODEL)
    if order.media_type == CLIP:
        # They were chosen for pictures.
        left_out.update(set(PREFERABLE) - {"style_preset", "quality"})
    if order.model is not None and order.model != words.get("model"):
        left_out.update(OF_MODEL)
    if order.image is not None:
        # The picture's own size is the usual one.
        left_out.update(SIZE)
    for group in TOGETHER:
        if said.intersection(group):
            left_out.update(group)
    return {name: words[name] for name in PREFERABLE if name in words.keys() - said - left_out}


def list_decided(template: str, platform_id: uuid.UUID) -> set[str]:
    """Return the words that a template itself says: staff chose them for it."""
    recipe = selectors.find_recipe(template, platform_id)
    return set(recipe.settings) if recipe else set()
