"""The route of an order: which provider makes it, by model alias."""

from dataclasses import dataclass

from django.db.models import QuerySet

from generation.models import Provider, ProviderModel
from generation.spec import ModelCard


@dataclass(frozen=True)
class Route:
    """The provider that will make the order, and the model's abilities there."""

    provider: Provider
    card: ModelCard


def offered() -> QuerySet[ProviderModel]:
    """Return the models that are offered, the heaviest providers' first."""
    found = ProviderModel.objects.filter(is_enabled=True, provider__is_enabled=True)
    return found.select_related("provider").order_by(
        "-provider__weight", "provider__alias", "alias"
    )


def choose(alias: str) -> Route | None:
    """Return the heaviest enabled provider of a model, or None when nobody offers it."""
    row = offered().filter(alias=alias).first()
    return Route(row.provider, row.card()) if row else None


def is_known(alias: str) -> bool:
    """Return whether any provider has a model of this name, switched off or not."""
    return ProviderModel.objects.filter(alias=alias).exists()


def list_models() -> dict[str, ModelCard]:
    """Return every model that an order may name, by alias, as the provider makes it that would be chosen."""
    cards: dict[str, ModelCard] = {}
    for row in offered():
        cards.setdefault(row.alias, row.card())
    return cards
