"""The price list as the manual tells it: each example is one order and the rules that price it."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.ledger import LARGEST_AMOUNT
from credits.pricing import (
    CACHED,
    FACTOR,
    LARGEST_PRICE,
    PRICE,
    Bounds,
    Item,
    PriceTooLarge,
    PriceUnknown,
    Quote,
    Rule,
    is_4k,
    quote,
)
from credits.tariffs import default_rules

PICTURE = Item("image", width=512, height=512, steps=12)
LARGE = replace(PICTURE, width=3840, height=2160)
CLIP = Item("video", resolution="720p", seconds=5)
TEN = Rule("Picture", amount=10, media_type="image")


def cost(item: Item, *rules: Rule, discount: str = "0") -> int:
    return quote(item, rules, discount_percent=Decimal(discount)).price


@pytest.mark.parametrize(
    ("media_type", "quality", "four_k", "price"),
    [
        ("image", "standard", False, 10),
        ("image", "high", False, 15),
        ("image", "standard", True, 15),
        ("image", "high", True, 23),
        ("video", "standard", False, 50),
        ("video", "high", False, 75),
        ("video", "standard", True, 75),
        ("video", "high", True, 113),
    ],
)
def test_price_list_that_a_hub_starts_with(
    media_type: str, quality: str, four_k: bool, price: int
) -> None:
    for number in (1, 2, 9):
        item = Item(media_type, quality=quality, resolution="4k" if four_k else "", number=number)
        assert cost(item, *default_rules()) == price * number


def test_high_quality_and_4k_cost_23_and_say_why() -> None:
    found = quote(replace(LARGE, quality="high", number=4), default_rules())
    assert (found.unit_price, found.price) == (23, 92), "not 90, four times 22.5"
    assert found.to_json() == {
        "unit_price": 23,
        "number": 4,
        "decided_by": {"origin": "rule", "name": "Picture", "amount": 10, "per": "one"},
        "factors": [{"name": "4k", "factor": 1.5}, {"name": "High quality", "factor": 1.5}],
        "discount_percent": 0.0,
    }


@pytest.mark.parametrize("price", [0, 1, 7, 1000])
def test_price_of_a_template_stands_as_it_is(price: int) -> None:
    for order in (PICTURE, replace(LARGE, quality="high"), replace(CLIP, cached=True)):
        item = replace(order, number=3, template="badge", template_price=price)
        found = quote(item, default_rules())
        assert (found.price, found.origin, found.decided_by) == (price * 3, "template", "badge")
        assert found.factors == ()
        assert quote(item, []).price == price * 3, "it needs no price list"


def test_discount_of_a_plan_comes_last_and_lowers_templates_too() -> None:
    assert cost(replace(LARGE, quality="high"), *default_rules(), discount="10") == 21, "20.25 up"
    assert cost(replace(PICTURE, template_price=5), discount="10") == 5, "4.5 up"
    assert cost(replace(PICTURE, template_price=5), discount="20") == 4
    assert cost(PICTURE, TEN, discount="100") == 0
    assert cost(PICTURE, TEN, discount="0.01") == 10
    assert cost(PICTURE, TEN, discount="33.33") == 7


def test_one_is_rounded_up_once_after_everything() -> None:
    half = Rule("Half", FACTOR, factor=Decimal("0.5"))
    three = replace(PICTURE, number=3)
    assert cost(three, replace(TEN, amount=5), half) == 9, "2.5 up is 3, three times"
    assert cost(three, replace(TEN, amount=5), half, replace(half, name="Again")) == 6
    assert cost(three, replace(TEN, amount=5), half, discount="20") == 6, "2 exactly"


def test_highest_rank_decides() -> None:
    dear = Rule("Fine model", amount=40, model="z-image", rank=1)
    order = replace(PICTURE, model="z-image")
    assert quote(order, [TEN, dear]).decided_by == "Fine model"
    assert cost(replace(PICTURE, model="other"), TEN, dear) == 10
    assert cost(order, replace(TEN, rank=2), dear) == 10


def test_of_equal_ranks_the_cheaper_decides_whatever_their_order() -> None:
    dear = replace(TEN, name="Dear", amount=11)
    assert cost(PICTURE, TEN, dear) == cost(PICTURE, dear, TEN) == 10


@pytest.mark.parametrize(
    ("rule", "item", "price"),
    [
        (Rule("a", amount=4, per="megapixel"), replace(PICTURE, width=1000, height=1000), 4),
        (Rule("a", amount=4, per="megapixel"), replace(PICTURE, width=1024, height=1024), 5),
        (Rule("a", amount=4, per="megapixel"), PICTURE, 2),
        (Rule("a", amount=12, per="second"), CLIP, 60),
        (Rule("a", amount=1, per="step"), PICTURE, 12),
    ],
)
def test_price_may_be_of_a_megapixel_a_second_or_a_step(rule: Rule, item: Item, price: int) -> None:
    assert cost(item, rule) == price
    assert cost(replace(item, number=3), rule) == price * 3


def test_cache_hit_has_its_own_price_as_it_stands() -> None:
    cached = Rule("From the cache", CACHED, amount=1)
    hit = replace(LARGE, quality="high", cached=True)
    assert cost(hit, *default_rules(), cached) == 1
    assert cost(hit, *default_rules()) == 23, "without one it costs what making it does"
    assert cost(replace(hit, cached=False), *default_rules(), cached) == 23
    assert quote(hit, [cached, TEN]).origin == "cache"


@pytest.mark.parametrize(
    "item",
    [CLIP, replace(PICTURE, media_type="audio"), replace(PICTURE, media_type="")],
)
def test_unknown_is_never_nothing(item: Item) -> None:
    with pytest.raises(PriceUnknown):
        quote(item, [TEN, Rule("Any", FACTOR, factor=Decimal(2))])
    with pytest.raises(PriceUnknown):
        quote(item, [])


def test_price_by_what_an_order_does_not_have_is_unknown() -> None:
    with pytest.raises(PriceUnknown):
        quote(PICTURE, [TEN, Rule("By second", amount=1, per="second", rank=1)])
    with pytest.raises(PriceUnknown):
        quote(Item("image"), [Rule("By pixels", amount=1, per="megapixel")])
    assert cost(PICTURE, TEN, Rule("Below", amount=1, per="second", rank=-1)) == 10


def test_price_that_no_purse_can_pay_is_refused() -> None:
    assert LARGEST_PRICE == LARGEST_AMOUNT
    assert cost(PICTURE, replace(TEN, amount=LARGEST_PRICE)) == LARGEST_PRICE
    with pytest.raises(PriceTooLarge):
        quote(replace(PICTURE, number=2), [replace(TEN, amount=LARGEST_PRICE)])


@pytest.mark.parametrize(
    ("conditions", "facts", "matches"),
    [
        ({"model": "z-image"}, {"model": "z-image"}, True),
        ({"model": "z-image"}, {"model": ""}, False),
        ({"mode": "fast"}, {"mode": "fast"}, True),
        ({"mode": "fast"}, {}, False),
        ({"resolution": "4k"}, {"width": 2160, "height": 3840}, True),
        ({"resolution": "4k"}, {"width": 3840, "height": 2144}, False),
        ({"resolution": "1080p"}, {"resolution": "1080p"}, True),
        ({"resolution": "1080p"}, {"resolution": "1080p", "width": 3840, "height": 2160}, False),
        ({"number": Bounds(4, None)}, {"number": 4}, True),
        ({"number": Bounds(4, None)}, {"number": 3}, False),
        ({"number": Bounds(None, 4)}, {"number": 4}, True),
        ({"number": Bounds(None, 4)}, {"number": 5}, False),
        ({"steps": Bounds(10, 20)}, {"steps": 20}, True),
        ({"steps": Bounds(10, 20)}, {"steps": 21}, False),
        ({"seconds": Bounds(0, 99)}, {}, False),
        ({"megapixels": Bounds(None, Decimal(1))}, {"width": 1000, "height": 1000}, True),
        ({"megapixels": Bounds(None, Decimal(1))}, {"width": 1001, "height": 1000}, False),
        # 1,000,001 pixels count as 1.0001 megapixels: the two rules leave no gap.
        ({"megapixels": Bounds(Decimal("1.0001"))}, {"width": 1000001, "height": 1}, True),
        ({"megapixels": Bounds(Decimal("1.0001"))}, {"width": 1000, "height": 1000}, False),
    ],
)
def test_rule_matches_what_meets_all_its_conditions(
    conditions: dict[str, Any], facts: dict[str, Any], matches: bool
) -> None:
    special = Rule("Special", amount=99, rank=1, **conditions)
    assert cost(replace(PICTURE, **{"number": 1, **facts}), TEN, special) == (
        99 if matches else 10
    ) * facts.get("number", 1)


@pytest.mark.parametrize(
    ("resolution", "width", "height", "expected"),
    [
        ("4k", None, None, True),
        ("720p", None, None, False),
        ("", 3840, 2160, True),
        ("", 2160, 3840, True),
        ("", 4096, 2160, True),
        ("", 3840, 2144, False),
        ("", 2880, 2880, True),
        ("1080p", 3840, 2160, True),
        ("", 3840, None, False),
    ],
)
def test_4k_is_asked_for_by_word_or_by_pixels(
    resolution: str, width: int | None, height: int | None, expected: bool
) -> None:
    assert is_4k(resolution=resolution, width=width, height=height) is expected


# Rules as staff may write them, and orders as apps may send them.
factors = st.decimals(0, 9999, places=4)
bounds = st.tuples(st.none() | st.integers(0, 40), st.none() | st.integers(0, 40))
conditions = {
    "media_type": st.sampled_from(["", "image", "video"]),
    "model": st.sampled_from(["", "a", "b"]),
    "quality": st.sampled_from(["", "standard", "high"]),
    "resolution": st.sampled_from(["", "720p", "4k"]),
    "mode": st.sampled_from(["", "fast", "fine"]),
    "steps": bounds.map(lambda pair: Bounds(*pair)),
}
price_rules = st.builds(
    Rule, name=st.text("abc", max_size=2), effect=st.sampled_from([PRICE, FACTOR, CACHED]),
    amount=st.integers(0, 10**6), factor=factors, rank=st.integers(-1, 1),
    per=st.sampled_from(["one", "megapixel", "second", "step"]), **conditions,
)  # fmt: skip
items = st.builds(
    Item, media_type=st.sampled_from(["image", "video"]), model=st.sampled_from(["", "a", "b"]),
    quality=st.sampled_from(["standard", "high"]), resolution=st.sampled_from(["", "720p", "4k"]),
    mode=st.sampled_from(["", "fast", "fine"]), width=st.none() | st.integers(1, 5000),
    height=st.integers(1, 5000), seconds=st.none() | st.integers(1, 60), steps=st.integers(1, 50),
    number=st.integers(1, 9), cached=st.booleans(),
    template_price=st.none() | st.integers(0, 10**6),
)  # fmt: skip
lists = st.lists(price_rules, max_size=8)
discounts = st.decimals(0, 100, places=2)


def outcome(item: Item, rules: list[Rule], discount: Decimal) -> Quote | str:
    try:
        return quote(item, rules, discount_percent=discount)
    except (PriceUnknown, PriceTooLarge) as refusal:
        return refusal.code


@given(items, lists, discounts, st.randoms())
def test_order_of_the_rules_does_not_matter(
    item: Item, rules: list[Rule], discount: Decimal, chance: Any
) -> None:
    shuffled = rules.copy()
    chance.shuffle(shuffled)
    assert outcome(item, rules, discount) == outcome(item, shuffled, discount)


@given(items, lists, discounts)
def test_price_is_whole_never_negative_and_one_times_the_number(
    item: Item, rules: list[Rule], discount: Decimal
) -> None:
    found = outcome(item, rules, discount)
    if isinstance(found, Quote):
        assert type(found.price) is int
        assert 0 <= found.price == found.unit_price * item.number
        full = outcome(item, rules, Decimal(0))
        assert isinstance(full, str) or found.price <= full.price, "a discount never adds"


@given(items, lists, discounts, st.integers(1, 8))
def test_more_never_cost_less(item: Item, rules: list[Rule], discount: Decimal, more: int) -> None:
    few, many = replace(item, number=1), replace(item, number=1 + more)
    one, all_ = outcome(few, rules, discount), outcome(many, rules, discount)
    if isinstance(one, Quote) and isinstance(all_, Quote):
        assert all_.price == one.price * (1 + more) >= one.price


@given(st.integers(0, 10**6), st.lists(factors, max_size=5), discounts)
def test_price_is_never_below_the_exact_one_nor_a_credit_above(
    amount: int, several: list[Decimal], discount: Decimal
) -> None:
    exact = Fraction(amount) * (100 - Fraction(discount)) / 100
    for factor in several:
        exact *= Fraction(factor)
    rules = [replace(TEN, amount=amount)]
    rules += [Rule(str(n), FACTOR, factor=factor) for n, factor in enumerate(several)]
    found = outcome(PICTURE, rules, discount)
    if isinstance(found, Quote):
        assert exact <= found.price < exact + 1
    else:
        assert (found, exact > LARGEST_PRICE - 1) == ("price_too_large", True)
