"""The route of an order: which provider makes it, by model alias."""

from dataclasses import dataclass

from generation.models import Provider
from generation.spec import ModelCard


@dataclass(frozen=True)
class Route:
    """The provider that will make the order, and the model's abilities there."""

    provider: Provider
    card: ModelCard


def choose(alias: str) -> Route | None:
    """Return the heaviest enabled provider of a model, or None when nobody offers it."""
    found = Provider.objects.filter(is_enabled=True, cards__has_key=alias)
    provider = found.order_by("-weight", "alias").first()
    return Route(provider, ModelCard.from_json(alias, provider.cards[alias])) if provider else None


def list_models() -> dict[str, ModelCard]:
    """Return every model that an order may name, by alias."""
    providers = Provider.objects.filter(is_enabled=True).order_by("weight", "-alias")
    return {
        alias: ModelCard.from_json(alias, values)
        for provider in providers
        for alias, values in provider.cards.items()
    }
