"""An order made whole, and its price. Writes nothing."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from credits import pricing, tariffs
from generation.accounts.routing import Route
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
    # The attempt whose picture it goes on with: no other account than the route's has that.
    follows_id: uuid.UUID | None = None


def quote_spec(spec: GenerationSpec, plan: Plan, recipe: Recipe | None = None) -> pricing.Quote:
    """Return what making a spec costs by the price list, or by its template; raise PriceUnknown or PriceTooLarge."""
    item = pricing.Item(
        media_type=spec.media_type,
        model=spec.model,
        quality=spec.quality,
        mode=spec.mode,
        width=spec.width,
        height=spec.height,
        steps=spec.steps,
        number=spec.number,
        template=recipe.code if recipe else "",
        template_price=recipe.price if recipe else None,
    )
    rules = tariffs.rules_in_force()
    return pricing.quote(item, rules, discount_percent=plan.discount_percent)
