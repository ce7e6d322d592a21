"""Who orders."""

import uuid
from dataclasses import dataclass
from typing import Any, Self

from credits import ledger
from generation.orders.brand import ANY, Brand
from generation.orders.finish import AS_USUAL, LabelPolicy
from genhub.platforms.models import Moderation, Plan, Platform, Unjudged
from templates.rendering import Look, Recipe


@dataclass(frozen=True)
class Customer:
    """Who orders: a platform, the model it prefers, the user whose purse pays, the API key whose budgets count, what a
    browser token may hold besides, and the platform's plan."""

    platform_id: uuid.UUID
    platform_model: str
    user: str
    api_key_id: uuid.UUID | None = None
    allowance: ledger.Allowance | None = None
    plan: Plan | None = None
    # Neither prompt nor picture may leave the house.
    local_only: bool = False
    # The platform is told when a user's available credits fall below.
    low_credits: int | None = None
    # Its users get each other's pictures.
    shares_results: bool = False
    # What becomes of what moderation objects to, and of what nobody can judge.
    moderation: str = Moderation.BLOCK
    unjudged: str = Unjudged.BLOCK
    # Its pictures take room that is bounded.
    has_quota: bool = False
    # The styles that its orders may wear, and one that is tried on, active or not.
    brand: Brand = ANY
    fitting: Look | None = None
    # What its pictures' files tell.
    labels: LabelPolicy = AS_USUAL

    def policy_on(self, recipe: Recipe | None) -> str:
        """Return what becomes of what moderation objects to in an order: its template may be stricter."""
        return Moderation.strictest(self.moderation, recipe.moderation if recipe else "")

    @classmethod
    def of(cls, platform: Platform, user: str, **terms: Any) -> Self:
        """Return a platform's user, with further terms of who asks: key, allowance, what stays in the house."""
        return cls(
            platform.pk,
            platform.default_model,
            user,
            plan=platform.plan,
            low_credits=platform.low_credits,
            has_quota=platform.storage_quota_mib is not None,
            shares_results=platform.shares_results,
            moderation=platform.moderation,
            unjudged=platform.unjudged,
            brand=Brand(tuple(platform.styles), platform.usual_style),
            labels=LabelPolicy(
                platform.label_producer,
                platform.visible_label,
                platform.language,
                embeds_parameters=platform.embeds_parameters,
            ),
            **{"local_only": platform.local_only, **terms},
        )
