"""Prices at vendors, in US dollars: the rows of a model's price table, as staff type them and as JSON keeps them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from generation.spec import GenerationSpec

LARGEST_USD = 10_000
MOST_ROWS = 200
# Vendors count so, and begin a new one with each pixel more: 1024×1024 is one, 1024×1040 is two.
PIXELS_PER_MEGAPIXEL = 1024 * 1024
MILLION = Decimal(1_000_000)

Usd = Annotated[float, msgspec.Meta(ge=0, le=LARGEST_USD)]
Side = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class TokenPrices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """US dollars for a million tokens of each kind; a kind without a price is never counted as free."""

    input_text: Usd | None = None
    input_image: Usd | None = None
    output: Usd | None = None


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row: for which pictures it stands, and what one costs; or what tokens cost.

    `quality` is the vendor's word (low, medium, high). Width and height stand for either way round, `up_to_megapixels`
    for what is no larger, `edit` for orders with an input picture, or for those without; of clips `resolution` and
    `audio` for those that sound, or are silent. `usd` is for a picture or a clip, `per_megapixel_usd` comes on top for
    each megapixel begun, `per_second_usd` for each second of a clip.
    """

    quality: str | None = None
    width: Side | None = None
    height: Side | None = None
    up_to_megapixels: Annotated[float, msgspec.Meta(gt=0, le=10_000)] | None = None
    edit: bool | None = None
    resolution: Annotated[str, msgspec.Meta(max_length=10)] | None = None
    audio: bool | None = None
    usd: Usd | None = None
    per_megapixel_usd: Usd | None = None
    per_second_usd: Usd | None = None
    tokens: TokenPrices | None = None

    def __post_init__(self) -> None:
        """Refuse a row that says no price, or half a size."""
        if not self.is_of_pictures() and self.tokens is None:
            raise ValueError("usd, per_megapixel_usd, per_second_usd or tokens is missing")
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height stand together")

    def is_of_pictures(self) -> bool:
        """Return whether it says what a picture or a clip costs."""
        return {self.usd, self.per_megapixel_usd, self.per_second_usd} != {None}

    def fits(self, spec: GenerationSpec, quality: str) -> bool:
        """Return whether it stands for the pictures of an order, made in the vendor's quality of this name."""
        sides = {(self.width, self.height), (self.height, self.width)}
        largest = self.up_to_megapixels
        return (
            self.quality in {None, quality}
            and (self.width is None or (spec.width, spec.height) in sides)
            and (largest is None or spec.width * spec.height <= largest * PIXELS_PER_MEGAPIXEL)
            and self.edit in {None, spec.is_edit}
            and self.resolution in {None, spec.resolution}
            and self.audio in {None, spec.audio}
            and (self.per_second_usd is None or spec.seconds is not None)
        )

    def of_one(self, spec: GenerationSpec) -> Decimal:
        """Return what one picture or clip of an order costs by it."""
        megapixels = -(-spec.width * spec.height // PIXELS_PER_MEGAPIXEL)
        by_size = exact(self.per_megapixel_usd or 0) * megapixels
        by_length = exact(self.per_second_usd or 0) * (spec.seconds or 0)
        return exact(self.usd or 0) + by_size + by_length


def exact(usd: float) -> Decimal:
    """Return a price as it was typed, without what binary fractions add."""
    return Decimal(str(usd))


def read_prices(value: Any) -> tuple[Price, ...]:
    """Return a table that JSON says; raise ValueError, which says where it is wrong."""
    try:
        rows = msgspec.convert(value, list[Price])
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    if len(rows) > MOST_ROWS:
        raise ValueError(f"more than {MOST_ROWS} rows")
    return tuple(rows)


def write_prices(rows: Iterable[Price]) -> list[dict[str, Any]]:
    """Return a table as JSON values."""
    written: list[dict[str, Any]] = msgspec.to_builtins(list(rows))
    return written
