"""The price list: image 10, video 50; high quality and 4k half as much again, rounded up, each picture."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.pricing import Item, Tariff, is_4k, quote, unit_price

TARIFF = Tariff(base={"image": 10, "video": 50}, high_quality=Decimal("1.5"))


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
def test_price_list(media_type: str, quality: str, four_k: bool, price: int) -> None:
    for number in (1, 2, 9):
        assert quote(Item(media_type, quality, four_k, number), TARIFF) == price * number


def test_rounding_comes_before_the_number() -> None:
    assert quote(Item("image", "high", True, 4), TARIFF) == 92, "not 90, four times 22.5"


@pytest.mark.parametrize("price", [0, 1, 7, 1000])
def test_template_price_is_the_unit_price_as_it_stands(price: int) -> None:
    for quality in ("standard", "high"):
        for four_k in (False, True):
            assert quote(Item("video", quality, four_k, 3, price), TARIFF) == price * 3


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


@given(
    base=st.integers(0, 10**6),
    multiplier=st.decimals(1, 10, places=3),
    quality=st.sampled_from(["standard", "high"]),
    four_k=st.booleans(),
)
def test_price_is_whole_and_never_below_the_exact_one(
    base: int, multiplier: Decimal, quality: str, four_k: bool
) -> None:
    exact = Decimal(base) * (multiplier if quality == "high" else 1)
    exact *= Decimal("1.5") if four_k else 1
    price = unit_price(Item("image", quality, four_k, 1), Tariff({"image": base}, multiplier))
    assert exact <= price < exact + 1
