"""The route of an order: which account makes it, by model alias."""

from dataclasses import dataclass

from django.db.models import QuerySet

from generation.models import Account, Offer
from generation.spec import ModelCard


@dataclass(frozen=True)
class Route:
    """The account that will make the order, and the model's abilities there."""

    account: Account
    card: ModelCard


def offered() -> QuerySet[Offer]:
    """Return the models that are offered, the heaviest providers' first."""
    found = Offer.objects.filter(is_enabled=True, account__is_enabled=True)
    return found.select_related("account", "local").order_by(
        "-account__weight", "account__alias", "alias"
    )


def choose(alias: str) -> Route | None:
    """Return the heaviest enabled provider of a model, or None when nobody offers it."""
    row = offered().filter(alias=alias).first()
    return Route(row.account, row.card()) if row else None


def is_known(alias: str) -> bool:
    """Return whether any provider has a model of this name, switched off or not."""
    return Offer.objects.filter(alias=alias).exists()


def list_models() -> dict[str, ModelCard]:
    """Return every model that an order may name, by alias, as the provider makes it that would be chosen."""
    cards: dict[str, ModelCard] = {}
    for row in offered():
        cards.setdefault(row.alias, row.card())
    return cards
