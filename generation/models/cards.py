"""What a provider's model is able to, by its name."""

from generation.models.offer import Offer
from generation.spec import ModelCard
from genhub.lib.prepared import NO_NUMBER, Prepared


def find_card(account_id: int, alias: str) -> ModelCard:
    """Return what a provider's model is able to; one that is gone has no weights, so that no engine can load it."""
    try:
        return get_card(account_id, alias)
    except Offer.DoesNotExist:
        return ModelCard(alias)


def get_card(account_id: int, alias: str) -> ModelCard:
    """Return what a provider's model is able to, or raise Offer.DoesNotExist."""
    if found := NAMED.find(account_id, alias):
        return found[0].card()
    raise Offer.DoesNotExist


# Each claim asks for one.
NAMED: Prepared[Offer] = Prepared(
    lambda account_id, alias: Offer.objects.select_related("local").filter(
        account_id=account_id, alias=alias
    ),
    NO_NUMBER,
    "an alias",
)
