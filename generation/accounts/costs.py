"""What orders cost the operator, in US dollars. Pure: unknown is None, and never 0."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from generation.accounts.tokens import count_tokens
from generation.prices import MILLION, Price, TokenPrices, exact, read_prices
from generation.providers.base import Finished, Usage
from generation.providers.errors import ProviderError, Sent
from generation.providers.further import treatment_of
from generation.spec import GenerationSpec, ModelCard

logger = logging.getLogger(__name__)

# What the column holds.
DEAREST_USD, SMALLEST_USD = Decimal(1_000_000), Decimal("0.000001")
FREE = Decimal(0)


def price_of(card: ModelCard, spec: GenerationSpec, usage: Usage, pictures: int) -> Decimal | None:
    """Return what an order cost of which so many pictures came, unless its vendor counted others; None where nobody
    says it.

    The vendor's own word comes first, then its tokens, then the row of size and quality, then the plain price of one.
    """
    if usage.cost_usd is not None and (said := storable(usage.cost_usd, card)) is not None:
        return said
    prices = prices_of(card)
    if (tokens := sum_tokens(prices, spec, usage)) is not None:
        return storable(tokens, card)
    made = pictures if usage.pictures is None else usage.pictures
    return price_pictures(card, prices, spec, made)


def dearest_of(card: ModelCard, spec: GenerationSpec) -> Decimal | None:
    """Return what an order may cost that has left, whatever comes of it: the price of all its pictures.

    Tokens are counted when they are made: a model that is billed by them needs rows that say what a picture takes at
    most.
    """
    return price_pictures(card, prices_of(card), spec, spec.number)


@dataclass(frozen=True)
class Bill:
    """What an attempt cost, None where that is not known; and what its vendor counted, as JSON values."""

    cost_usd: Decimal | None = FREE
    usage: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """Return it by columns of the attempt."""
        return {"cost_usd": self.cost_usd, "usage": self.usage}


# In what was counted of an attempt: which of it its vendor does not say.
COUNTED_HERE: Final = "counted_here"
NOTHING, UNKNOWN = Bill(), Bill(None)


def bill_of(card: ModelCard, spec: GenerationSpec, outcome: object, *, was_sent: bool) -> Bill:
    """Return what an order cost, by what came of it: pictures, whether they could be stored or not; or a failure, which
    costs what its vendor bills. What never left costs nothing."""
    if isinstance(outcome, Finished):
        usage, made = outcome.usage, len(outcome.made)
        # Whom the prompt left for has read it; a picture is treated without words.
        was_read = was_sent and not treatment_of(spec)
        is_counted_here = was_read and usage.input_text_tokens is None
        if is_counted_here:
            usage = replace(usage, input_text_tokens=count_tokens(spec.prompt))
        counted = describe_usage(usage, made)
        if is_counted_here and usage.input_text_tokens is not None:
            counted[COUNTED_HERE] = ["input_text_tokens"]
        return Bill(price_of(card, spec, usage, made), counted)
    is_billed = isinstance(outcome, ProviderError) and outcome.is_billed
    return Bill(dearest_of(card, spec)) if was_sent and is_billed else NOTHING


def tells_cost(outcome: object) -> bool:
    """Return whether an order has come to an end at its vendor, so that its cost is known."""
    if isinstance(outcome, ProviderError):
        return outcome.sent is not Sent.MAYBE
    return isinstance(outcome, Finished)


def describe_usage(usage: Usage, pictures: int) -> dict[str, Any]:
    """Return what was counted, as JSON values: what a vendor does not say is not there."""
    said = {name: value for name, value in asdict(usage).items() if value is not None}
    if "cost_usd" in said:
        said["cost_usd"] = str(said["cost_usd"])
    return {"pictures": pictures, **said}


def prices_of(card: ModelCard) -> tuple[Price, ...]:
    """Return a model's table; none where its row holds what is no table, which must not cost the customer a picture."""
    try:
        return read_prices([dict(row) for row in card.prices])
    except (TypeError, ValueError) as error:
        logger.warning("the prices of %s are no table: %s", card.alias, error)
        return ()


def sum_tokens(prices: tuple[Price, ...], spec: GenerationSpec, usage: Usage) -> Decimal | None:
    """Return what the counted tokens cost, or None where a count or the price of one is missing."""
    table = next((row.tokens for row in prices if row.tokens), None)
    if table is None or usage.output_tokens is None:
        return None
    counted = {
        "input_text": usage.input_text_tokens,
        # Without a picture in the order there is none to count.
        "input_image": usage.input_image_tokens if spec.is_edit else usage.input_image_tokens or 0,
        "output": usage.output_tokens,
    }
    return add_up(counted, table)


def add_up(counted: Mapping[str, int | None], table: TokenPrices) -> Decimal | None:
    """Return the sum over all kinds of tokens, or None where one is not known."""
    total = Decimal(0)
    for kind, number in counted.items():
        usd: float | None = getattr(table, kind)
        if number == 0:
            continue
        if number is None or usd is None:
            return None
        total += number * exact(usd) / MILLION
    return total


def price_pictures(
    card: ModelCard, prices: tuple[Price, ...], spec: GenerationSpec, pictures: int
) -> Decimal | None:
    """Return what so many pictures of an order cost: by the first row that stands for them, else by the plain price."""
    rows = [row for row in prices if row.is_of_pictures()]
    quality = card.quality_of(spec) if any(row.quality for row in rows) else ""
    found = next((row for row in rows if row.fits(spec, quality)), None)
    if found:
        return storable(found.of_one(spec) * pictures, card)
    if card.usd_per_picture is None:
        return None
    try:
        return storable(Decimal(str(card.usd_per_picture)) * pictures, card)
    except InvalidOperation:
        return storable(Decimal("NaN"), card)


def storable(cost: Decimal, card: ModelCard) -> Decimal | None:
    """Return a cost as its column holds it; None for what is none."""
    if cost.is_finite() and 0 <= cost < DEAREST_USD:
        return cost.quantize(SMALLEST_USD)
    # A card is data of the operator, and a usage the vendor's: a wrong one must not cost the customer what was drawn.
    logger.warning("%s US dollars for an order of %s is no cost", cost, card.alias)
    return None
