"""What orders cost the operator, in US dollars."""

import logging
from decimal import Decimal, InvalidOperation

from generation.models import Attempt, find_card
from generation.spec import ModelCard

logger = logging.getLogger(__name__)

# What the column holds.
DEAREST_USD, SMALLEST_USD = Decimal(1_000_000), Decimal("0.000001")


def find_cost(card: ModelCard, pictures: int) -> Decimal | None:
    """Return what pictures cost by the model's card, or None where it does not say."""
    said = card.usd_per_picture
    if said is None:
        return None
    try:
        cost = (Decimal(str(said)) * pictures).quantize(SMALLEST_USD)
    except InvalidOperation:
        cost = Decimal("NaN")
    if cost.is_finite() and 0 <= cost < DEAREST_USD:
        return cost
    # A card is data of the operator: a wrong one must not cost the customer what was drawn.
    logger.warning("usd_per_picture %r of %s is no price", said, card.alias)
    return None


def find_exposure(sent: Attempt) -> Decimal | None:
    """Return what an order that has left for a vendor may cost, whatever comes of it: the price of all its pictures."""
    return find_cost(find_card(sent.account_id, sent.task.model), sent.cost)
