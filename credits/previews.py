"""What a price rule would change: sample orders priced without and with it, before it is saved."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from credits.models import PriceRule
from credits.pricing import (
    CACHED,
    Bounds,
    Item,
    PriceTooLarge,
    PriceUnknown,
    Quote,
    Rule,
    facts_of,
    matches,
    quote,
)
from credits.tariffs import as_rule, with_and_without

FOUR_K_MEGAPIXELS = Decimal("8.2944")


@dataclass(frozen=True)
class Line:
    """One sample order: what it costs now and would cost; None: it has no price, so it would be refused."""

    label: str
    before: Quote | None
    after: Quote | None

    @property
    def is_changed(self) -> bool:
        """Return whether the price is another."""
        return price_of(self.before) != price_of(self.after)


@dataclass(frozen=True)
class Preview:
    """The effect of a rule. `token` stands for exactly this effect of exactly this rule."""

    lines: tuple[Line, ...]
    token: str
    is_model_known: bool
    is_possible: bool


def preview(row: PriceRule) -> Preview:
    """Return the effect of a row on sample orders; nothing is saved."""
    rule = as_rule(row)
    before, after = with_and_without(row)
    samples: list[tuple[str, Item]] = list(import_string(settings.PRICE_SAMPLES)())
    models = {item.model for _, item in samples}
    own = own_samples(rule, samples)
    samples += own
    lines = tuple(Line(label, price(item, before), price(item, after)) for label, item in samples)
    effect = [(price_of(line.before), price_of(line.after)) for line in lines]
    said = repr((replace(rule, id=""), row.is_active, effect))
    token = hashlib.sha256(said.encode()).hexdigest()
    is_model_known = not rule.model or rule.model in models
    return Preview(lines, token, is_model_known=is_model_known, is_possible=bool(own))


def own_samples(rule: Rule, samples: Iterable[tuple[str, Item]]) -> list[tuple[str, Item]]:
    """Return an order that the rule is made for, changed from a sample; none when no order meets its conditions."""
    fitting = [item for _, item in samples if rule.media_type in ("", item.media_type)]
    own = [fit(item, rule) for item in fitting[:1]]
    label = gettext("An order that meets this rule")
    return [(label, item) for item in own if matches(rule, facts_of(item))]


def fit(item: Item, rule: Rule) -> Item:
    """Return an item moved into the conditions of a rule."""
    words: dict[str, Any] = {
        word: getattr(rule, word) or getattr(item, word)
        for word in ("platform", "model", "quality", "mode")
    }
    quantities: dict[str, Any] = {
        name: move_into(getattr(rule, name), getattr(item, name))
        for name in ("seconds", "steps", "number")
    }
    if rule.resolution != "4k":
        words["resolution"] = rule.resolution or item.resolution
    sides: dict[str, Any] = {}
    if rule.resolution == "4k" or rule.megapixels != Bounds():
        usual = FOUR_K_MEGAPIXELS if rule.resolution == "4k" else Decimal(1)
        # Bounds have four places, so these sides meet them exactly.
        sides = {"width": int(move_into(rule.megapixels, usual) * 10_000), "height": 100}
    return replace(item, **words, **quantities, **sides, cached=rule.effect == CACHED)


def move_into(bounds: Bounds, value: Any) -> Any:
    """Return a value, or the bound that it is beyond; what is not known moves into bounds alone."""
    if bounds.contain(value):
        return value
    if bounds.least is not None and (value is None or value < bounds.least):
        return bounds.least
    return bounds.most


def price(item: Item, rules: list[Rule]) -> Quote | None:
    """Return what an item costs, or None when it would be refused."""
    try:
        return quote(item, rules)
    except (PriceUnknown, PriceTooLarge):
        return None


def price_of(found: Quote | None) -> int | None:
    """Return the price of a quote."""
    return found.price if found else None
