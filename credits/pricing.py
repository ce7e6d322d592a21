"""What an order costs. Pure: it reads nothing and moves nothing; `tariffs` brings the rules that are in force."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from credits.errors import CreditsProblem
from genhub.lib.errors import gettext_noop
from genhub.lib.limits import FOUR_K_PIXELS

PIXELS_PER_MEGAPIXEL = 1_000_000
# The largest amount that the ledger moves at once; a test holds the two together.
LARGEST_PRICE = 10**12

# Effects of a rule. A template's own price decides as no rule does.
PRICE, FACTOR, CACHED = "price", "factor", "cached"
TEMPLATE, FREE = "template", "free"
# What may set a price, as apps read it.
ORIGINS = {PRICE: "rule", CACHED: "cache", TEMPLATE: "template", FREE: "free"}
# The type of edits: only rules that name it are meant for them, and without a price among these they are free.
EDIT = "edit"

# The conditions of a rule: whose orders, words that must be equal, quantities that must lie within bounds.
WORDS = ("media_type", "model", "quality", "resolution", "mode")
EQUALS = ("platform", *WORDS)
QUANTITIES = ("megapixels", "seconds", "steps", "number")


class PriceUnknown(CreditsProblem):
    """No price rule matches: unknown is never 0."""

    code = "price_unknown"
    title = gettext_noop("There is no price for this order")
    detail = gettext_noop(
        "The hub's price list does not say what it costs; its staff must add a price. Nothing was created or held."
    )


class PriceTooLarge(CreditsProblem):
    """The price is more than a purse can hold."""

    code = "price_too_large"
    title = gettext_noop("The price is too large")
    detail = gettext_noop(
        "It would be more than %(most)s credits. Order less. Nothing was created or held."
    )


@dataclass(frozen=True)
class Bounds:
    """From `least` up to `most`, both included; None: no bound."""

    least: Decimal | int | None = None
    most: Decimal | int | None = None

    def contain(self, value: Decimal | int | None) -> bool:
        """Return whether a value lies within; what is not known lies within no bounds."""
        if value is None:
            return self.least is None and self.most is None
        return reaches(self.least, value) and reaches(value, self.most)

    def meet(self, other: "Bounds") -> bool:
        """Return whether some value lies within both."""
        return reaches(self.least, other.most) and reaches(other.least, self.most)


@dataclass(frozen=True)
class Rule:
    """One line of the price list. An empty word and open bounds match everything.

    The dates are judged by whoever brings the rules, with the database's clock; here they only tell rules apart.
    """

    name: str
    effect: str = PRICE
    amount: int = 0
    per: str = "one"
    factor: Decimal = Decimal(1)
    rank: int = 0
    # The id of the only platform that it is for.
    platform: str = ""
    media_type: str = ""
    model: str = ""
    quality: str = ""
    resolution: str = ""
    mode: str = ""
    megapixels: Bounds = Bounds()
    seconds: Bounds = Bounds()
    steps: Bounds = Bounds()
    number: Bounds = Bounds()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    id: str = ""


@dataclass(frozen=True)
class Item:
    """What is to be priced: `number` pictures or clips. Sizes in pixels; None: it has none, or it is not known."""

    media_type: str
    # The id of whoever's order it is; a sample's is nobody's.
    platform: str = ""
    model: str = ""
    quality: str = "standard"
    resolution: str = ""
    mode: str = ""
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    steps: int | None = None
    number: int = 1
    cached: bool = False
    template: str = ""
    template_price: int | None = None


@dataclass(frozen=True)
class Quote:
    """A price in whole credits and what decided it: the rule or template, every factor by name, the plan's discount."""

    price: int
    unit_price: int
    number: int
    origin: str
    decided_by: str
    amount: int
    per: str = "one"
    factors: tuple[tuple[str, Decimal], ...] = ()
    discount_percent: Decimal = Decimal(0)

    def to_json(self) -> dict[str, Any]:
        """Return what decided the price as JSON values: kept with the task and answered to apps."""
        return {
            "unit_price": self.unit_price,
            "number": self.number,
            "decided_by": {
                "origin": self.origin,
                "name": self.decided_by,
                "amount": self.amount,
                "per": self.per,
            },
            "factors": [{"name": name, "factor": float(value)} for name, value in self.factors],
            "discount_percent": float(self.discount_percent),
        }


def quote(item: Item, rules: Iterable[Rule], *, discount_percent: Decimal = Decimal(0)) -> Quote:
    """Return what an item costs; raise PriceUnknown when no rule says so.

    Of the prices that match, the highest rank decides; every factor that matches multiplies. A template's own price and
    the price of a cache hit stand as they are. The discount comes last, then the price of one is rounded up, once, and
    multiplied by the number.
    """
    facts = facts_of(item)
    matching = [rule for rule in rules if matches(rule, facts)]
    decisive = decide(item, matching)
    factors = (
        [rule for rule in matching if rule.effect == FACTOR] if decisive.effect == PRICE else []
    )
    # Fractions are exact, so neither their number nor their order can matter.
    exact = base_price(decisive, item) * (1 - Fraction(discount_percent) / 100)
    for rule in factors:
        exact *= Fraction(rule.factor)
    unit_price = math.ceil(exact)
    if unit_price * item.number > LARGEST_PRICE:
        raise PriceTooLarge(most=LARGEST_PRICE)
    return Quote(
        price=unit_price * item.number,
        unit_price=unit_price,
        number=item.number,
        origin=ORIGINS[decisive.effect],
        decided_by=decisive.name,
        amount=decisive.amount,
        per=decisive.per,
        factors=tuple(sorted((rule.name, rule.factor) for rule in factors)),
        discount_percent=discount_percent,
    )


def decide(item: Item, matching: Iterable[Rule]) -> Rule:
    """Return what sets the price: the template, else the price of a cache hit, else the price of the highest rank."""
    if item.template_price is not None:
        return Rule(item.template, TEMPLATE, item.template_price)
    prices = [rule for rule in matching if rule.effect == PRICE]
    if item.cached:
        prices = [rule for rule in matching if rule.effect == CACHED] or prices
    if not prices and item.media_type == EDIT:
        return Rule("", FREE)
    if not prices:
        raise PriceUnknown
    highest = max(rule.rank for rule in prices)
    # Saving refuses equal ranks that meet; should two slip through, the cheaper one wins whatever their order.
    equals = [rule for rule in prices if rule.rank == highest]
    return min(equals, key=lambda rule: (base_price(rule, item), rule.name, rule.id))


def base_price(rule: Rule, item: Item) -> Fraction:
    """Return a rule's price of one item before factors; raise PriceUnknown when it counts what the item has not."""
    pixels = (item.width or 0) * (item.height or 0)
    quantities: Mapping[str, Fraction | int | None] = {
        "one": 1,
        "megapixel": Fraction(pixels, PIXELS_PER_MEGAPIXEL) if pixels else None,
        "second": item.seconds,
        "step": item.steps,
    }
    quantity = quantities[rule.per]
    if quantity is None:
        raise PriceUnknown
    return Fraction(rule.amount) * quantity


def matches(rule: Rule, facts: Mapping[str, Any]) -> bool:
    """Return whether an item's facts meet every condition of a rule."""
    if facts["media_type"] == EDIT != rule.media_type:
        return False
    return all(getattr(rule, word) in ("", facts[word]) for word in EQUALS) and all(
        getattr(rule, quantity).contain(facts[quantity]) for quantity in QUANTITIES
    )


def facts_of(item: Item) -> dict[str, Any]:
    """Return what conditions are held against. Pixels make `4k` too, and then it is the only resolution there is."""
    is_large = is_4k(resolution=item.resolution, width=item.width, height=item.height)
    pixels = (item.width or 0) * (item.height or 0)
    facts = {word: getattr(item, word) for word in (*EQUALS, "seconds", "steps", "number")}
    return facts | {
        "resolution": "4k" if is_large else item.resolution,
        # Rounded up to the four places that rules have: “up to 1” and “from 1.0001” leave no gap.
        "megapixels": Decimal(-(-pixels // 100)).scaleb(-4) if pixels else None,
    }


def can_both_match(one: Rule, other: Rule) -> bool:
    """Return whether some item, at some time, can meet the conditions of two rules."""
    return (
        (one.media_type == EDIT) == (other.media_type == EDIT)
        and all(
            getattr(one, word) == getattr(other, word)
            or "" in (getattr(one, word), getattr(other, word))
            for word in EQUALS
        )
        and all(getattr(one, name).meet(getattr(other, name)) for name in QUANTITIES)
        and is_before(one.valid_from, other.valid_until)
        and is_before(other.valid_from, one.valid_until)
    )


def reaches(least: Any, most: Any) -> bool:
    """Return whether the first is at most the second; None is no bound."""
    return least is None or most is None or bool(least <= most)


def is_before(start: datetime | None, end: datetime | None) -> bool:
    """Return whether a time comes before another; a rule is in force from its first moment, no longer at its last."""
    return start is None or end is None or start < end


def is_4k(*, resolution: str, width: int | None = None, height: int | None = None) -> bool:
    """Return whether an order asks for 3840 x 2160 pixels or more."""
    return resolution == "4k" or (width or 0) * (height or 0) >= FOUR_K_PIXELS
