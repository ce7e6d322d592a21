"""An order made whole, and its price. Writes nothing."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from credits import pricing, tariffs
from generation.accounts.routing import Route
from generation.moderation.found import Found
from generation.selectors.drawn import Drawn
from generation.spec import GenerationSpec
from genhub.platforms.models import Plan
from templates.rendering import Recipe


@dataclass(frozen=True)
class Resolved:
    """An order made whole: what to make, how, by whom, and its price in credits."""

    spec: GenerationSpec
    route: Route
    recipe: Recipe | None
    style: str
    priority: str
    quote: pricing.Quote
    # Neither prompt nor picture leaves the house.
    local_only: bool = False
    # What it may cost the operator; None: not known.
    estimated_cost_usd: Decimal | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # Where its end is told, besides the platform's endpoints.
    webhook: str = ""
    # The series, character or session that it is of; whether its first seed is remembered for it, and whether the order
    # named that seed.
    subject: str = ""
    keeps_seed: bool = False
    names_seed: bool = False
    # Seconds: for its work once it has begun, and until when it must have; None: as is usual.
    timeout: int | None = None
    expires_in: int | None = None
    # The form of its files as its template or style fixes it: the order's own words go first.
    form: Mapping[str, Any] = field(default_factory=dict)
    # The attempt whose picture it goes on with: no other account than the route's has that.
    follows_id: uuid.UUID | None = None
    # Under which key its pictures are found and kept, empty: neither; what they cost that were found; and those that
    # were.
    cache_key: str = ""
    cached_quote: pricing.Quote | None = None
    found: Drawn | None = None
    # What the caller said to be drawn, for whoever judges it; empty: it was judged before.
    asked: str = ""
    # What moderation found in it, though it is taken.
    flagged: tuple[Found, ...] = ()
    # Of a template of several steps all of them, the first included, each with its own price; else none.
    chain: "tuple[Resolved, ...]" = ()

    @property
    def cached_unit_price(self) -> int | None:
        """Return what one picture costs that was drawn before, None where none is looked for."""
        return self.cached_quote.unit_price if self.cached_quote else None


def quote_spec(
    spec: GenerationSpec,
    platform_id: uuid.UUID,
    plan: Plan | None,
    recipe: Recipe | None = None,
    *,
    cached: bool = False,
) -> pricing.Quote:
    """Return what making a spec, or finding it, costs a platform by the price list and its plan, or by its template;
    raise PriceUnknown or PriceTooLarge."""
    item = pricing.Item(
        media_type=spec.media_type,
        platform=str(platform_id),
        model=spec.model,
        quality=spec.quality,
        mode=spec.mode,
        resolution=spec.resolution,
        width=spec.width,
        height=spec.height,
        seconds=spec.seconds,
        steps=spec.steps,
        number=spec.number,
        cached=cached,
        template=recipe.code if recipe else "",
        template_price=recipe.price if recipe else None,
    )
    return price_item(item, plan)


def price_item(item: pricing.Item, plan: Plan | None) -> pricing.Quote:
    """Return what an item costs by the rules in force and a plan; raise PriceUnknown or PriceTooLarge."""
    discount = plan.discount_percent if plan else Decimal(0)
    return pricing.quote(item, tariffs.rules_in_force(), discount_percent=discount)


def as_gift(resolved: Resolved) -> Resolved:
    """Return an order that costs its user nothing, in any of its steps: the hub bears what it costs."""
    number = resolved.quote.number
    nothing = pricing.Quote(0, 0, number, pricing.ORIGINS[pricing.FREE], "", 0)
    return replace(resolved, quote=nothing, chain=tuple(as_gift(step) for step in resolved.chain))
