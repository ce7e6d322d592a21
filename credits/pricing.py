"""What an order costs. Pure: it reads nothing and moves nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

FOUR_K_PIXELS = 3840 * 2160
FOUR_K_MULTIPLIER = Decimal("1.5")


@dataclass(frozen=True)
class Tariff:
    """The house's prices: whole credits for one picture or clip, and the multiplier of high quality."""

    base: Mapping[str, int]
    high_quality: Decimal


@dataclass(frozen=True)
class Item:
    """What is to be priced: `media_type` image or video, `quality` standard or high, `number` pictures or clips."""

    media_type: str
    quality: str
    is_4k: bool
    number: int
    template_price: int | None = None


def quote(item: Item, tariff: Tariff) -> int:
    """Return the price in whole credits: the unit price, rounded up after the multipliers, times the number.

    A template's own price is the unit price as it stands.
    """
    return unit_price(item, tariff) * item.number


def unit_price(item: Item, tariff: Tariff) -> int:
    """Return the price of one picture or clip."""
    if item.template_price is not None:
        return item.template_price
    price = Decimal(tariff.base[item.media_type])
    if item.quality == "high":
        price *= tariff.high_quality
    if item.is_4k:
        price *= FOUR_K_MULTIPLIER
    return int(price.to_integral_value(ROUND_CEILING))


def is_4k(*, resolution: str, width: int | None = None, height: int | None = None) -> bool:
    """Return whether an order asks for 3840 x 2160 pixels or more."""
    return resolution == "4k" or (width or 0) * (height or 0) >= FOUR_K_PIXELS
