"""What adapters return and raise is fit to be kept, whatever a vendor says."""

import pytest
from PIL import Image

from generation.providers.base import Made, Pixels
from generation.providers.errors import ProviderError
from generation.spec import LARGEST_SEED

PIXELS = Pixels(lambda: Image.new("RGB", (16, 16)))


@pytest.mark.parametrize(
    ("said", "kept"),
    [(0, 0), (LARGEST_SEED, LARGEST_SEED), (None, None), (-1, None), (2**64 - 1, None)],
)
def test_seed_that_nobody_could_order_by_is_none(said: int | None, kept: int | None) -> None:
    assert Made(0, PIXELS, said).seed == kept


def test_vendor_s_words_hold_no_nul() -> None:
    assert str(ProviderError("HTTP 400: a\0b")) == "HTTP 400: ab"
