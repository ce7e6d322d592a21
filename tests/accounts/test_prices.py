"""What an order costs: by the vendor's word, its tokens, its size and quality, the plain price; or unknown."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from generation.accounts import tokens
from generation.accounts.costs import Bill, bill_of, dearest_of, price_of, tells_cost
from generation.accounts.list_prices import PRICES, suggest_prices
from generation.accounts.tokens import count_tokens
from generation.accounts.vendors import VENDORS
from generation.prices import MOST_ROWS, read_prices, write_prices
from generation.providers.base import Finished, Made, Pixels, Usage
from generation.providers.errors import ProviderError, Sent
from generation.providers.registry import find_class
from generation.spec import GenerationSpec, ModelCard

LOW = {"quality": "low", "width": 1024, "height": 1024, "usd": 0.006}
HIGH = {"quality": "high", "width": 1024, "height": 1024, "usd": 0.211}
TOKENS = {"tokens": {"input_text": 5, "input_image": 8, "output": 30}}


def spec(width: int = 1024, height: int = 1024, number: int = 1, **words: Any) -> GenerationSpec:
    return GenerationSpec("image", "m", "a star", "", width, height, number=number, **words)


def card(*prices: dict[str, Any], usd: Any = None, **words: Any) -> ModelCard:
    return ModelCard("m", prices=prices, usd_per_picture=usd, **words)


def cost(*prices: dict[str, Any], usd: Any = None, order: GenerationSpec | None = None) -> Any:
    found = price_of(card(*prices, usd=usd), order or spec(), Usage(), 1)
    return None if found is None else float(found)


def finished(number: int, usage: Usage = Usage()) -> Finished:  # noqa: B008 (frozen)
    def decode() -> Any:
        raise NotImplementedError

    return Finished([Made(position, Pixels(decode)) for position in range(number)], usage=usage)


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (spec(mode="fast"), 0.006),
        (spec(quality="high"), 0.211),
        (spec(quality="high", mode="fast"), 0.006),
        (spec(quality="standard"), 0.04),
        (spec(1024, 1536, mode="fast"), 0.04),
    ],
    ids=["fast is low", "high", "the mode comes first", "no row of it", "no row of its size"],
)
def test_row_stands_for_its_quality_and_size(order: GenerationSpec, found: float) -> None:
    assert cost(LOW, HIGH, usd=0.04, order=order) == found
    assert cost(LOW, HIGH, order=order) == (None if found == 0.04 else found)


def test_quality_is_the_vendors_own_word() -> None:
    own = card(LOW, {"quality": "max", "usd": 9}, options={"qualities": {"fine": "max"}})
    assert price_of(own, spec(mode="fine"), Usage(), 1) == 9
    assert price_of(own, spec(mode="fast"), Usage(), 1) == Decimal("0.006")


@pytest.mark.parametrize(
    ("width", "height", "found"),
    [(1024, 1536, 0.1), (1536, 1024, 0.1), (1536, 1536, 9.0)],
    ids=["tall", "wide", "neither"],
)
def test_size_stands_for_either_way_round(width: int, height: int, found: float) -> None:
    rows = ({"width": 1536, "height": 1024, "usd": 0.1}, {"usd": 9})
    assert cost(*rows, order=spec(width, height)) == found


@pytest.mark.parametrize(
    ("width", "height", "found"),
    [(1024, 1024, 0.03), (512, 512, 0.03), (1024, 1040, 0.045), (2048, 2048, 0.075)],
    ids=str,
)
def test_each_megapixel_that_is_begun_counts(width: int, height: int, found: float) -> None:
    row = {"usd": 0.015, "per_megapixel_usd": 0.015}
    assert cost(row, order=spec(width, height)) == found


def test_rows_for_pictures_up_to_a_size_and_for_edits() -> None:
    rows = ({"edit": True, "usd": 3}, {"up_to_megapixels": 1, "usd": 1}, {"usd": 2})
    assert cost(*rows, order=spec(image="art_1")) == 3
    assert cost(*rows) == 1
    assert cost(*rows, order=spec(1024, 1040)) == 2


@pytest.mark.parametrize(
    ("usage", "words", "found"),
    [
        (Usage(output_tokens=1000, input_text_tokens=200), {}, "0.031"),
        (Usage(output_tokens=1000, input_text_tokens=0), {}, "0.03"),
        (Usage(1, 200, 500, 1000), {"image": "art_1"}, "0.035"),
        (Usage(output_tokens=1000, input_text_tokens=200), {"image": "art_1"}, None),
        (Usage(output_tokens=1000), {}, None),
        (Usage(input_text_tokens=1000), {}, None),
        (Usage(cost_usd=Decimal("0.02"), output_tokens=1000, input_text_tokens=1), {}, "0.02"),
        (Usage(cost_usd=Decimal(0)), {}, "0"),
    ],
    ids=["tokens", "no text", "edit", "edit without its tokens", "no count of the text",
         "no count of the picture", "the vendor's word", "the vendor's nothing"],
)  # fmt: skip
def test_tokens_come_before_rows_and_the_vendors_word_before_all(
    usage: Usage, words: dict[str, Any], found: str | None
) -> None:
    own = price_of(card(TOKENS), spec(**words), usage, 1)
    assert own == (None if found is None else Decimal(found))
    expected = Decimal(found) if found is not None else Decimal("0.211")
    assert price_of(card(TOKENS, {"usd": 0.211}), spec(**words), usage, 1) == expected


def test_kind_of_token_without_a_price_is_not_free() -> None:
    usage = Usage(output_tokens=1000, input_text_tokens=200)
    assert price_of(card({"tokens": {"output": 30}}), spec(), usage, 1) is None


@pytest.mark.parametrize("said", ["NaN", "Infinity", "-1", "1000000"])
def test_word_of_a_vendor_that_is_no_cost_is_not_taken(said: str) -> None:
    assert price_of(card(usd=0.5), spec(), Usage(cost_usd=Decimal(said)), 2) == 1


@pytest.mark.parametrize("usd", [float("nan"), float("inf"), -1.0, 1e9])
def test_plain_price_that_is_none_is_unknown(usd: float) -> None:
    assert cost(usd=usd) is None


def test_free_is_not_unknown() -> None:
    assert (cost(usd=0), cost({"usd": 0}, usd=1), cost()) == (0, 0, None)


def test_nothing_is_lost_to_binary_fractions() -> None:
    assert price_of(card(usd=0.1), spec(number=3), Usage(), 3) == Decimal("0.3")


def test_dearest_is_the_price_of_all_its_pictures() -> None:
    assert dearest_of(card(HIGH), spec(number=4, quality="high")) == Decimal("0.844")
    assert dearest_of(card(TOKENS), spec(number=4)) is None


# The prompt's tokens, where it left for somebody who does not count them.
READ = {"input_text_tokens": 2, "counted_here": ["input_text_tokens"]}


@pytest.mark.parametrize(
    ("outcome", "was_sent", "bill"),
    [
        (finished(3), True, Bill(Decimal("0.75"), {"pictures": 3, **READ})),
        (finished(3), False, Bill(Decimal("0.75"), {"pictures": 3})),
        (finished(3, Usage(pictures=4)), True, Bill(Decimal(1), {"pictures": 4, **READ})),
        (finished(1, Usage(input_text_tokens=3, cost_usd=Decimal("0.07"), output_tokens=9)), True,
         Bill(Decimal("0.07"), {"pictures": 1, "input_text_tokens": 3, "cost_usd": "0.07", "output_tokens": 9})),
        (ProviderError("unreadable", sent=Sent.YES, is_billed=True), True, Bill(Decimal(1))),
        (ProviderError("refused", sent=Sent.YES), True, Bill(Decimal(0))),
        (ProviderError("not sent", is_billed=True), False, Bill(Decimal(0))),
    ],
    ids=["made", "made here", "the vendor counted", "the vendor said", "billed", "not billed", "never sent"],
)  # fmt: skip
def test_bill_is_what_came_of_an_order(outcome: Any, was_sent: bool, bill: Bill) -> None:
    assert bill_of(card(usd=0.25), spec(number=4), outcome, was_sent=was_sent) == bill


def test_tokens_of_the_prompt_are_counted_where_the_vendor_does_not() -> None:
    usage = Usage(output_tokens=1000)
    bill = bill_of(card(TOKENS), spec(), finished(1, usage), was_sent=True)
    assert bill == Bill(
        Decimal("0.03001"),
        {"pictures": 1, "output_tokens": 1000, "input_text_tokens": 2,
         "counted_here": ["input_text_tokens"]},
    )  # fmt: skip
    own = bill_of(card(TOKENS), spec(), finished(1, Usage(1, 200, None, 1000)), was_sent=True)
    assert own.cost_usd == Decimal("0.031")
    assert "counted_here" not in own.usage


def test_without_a_tokenizer_they_stay_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "find_tokenizer", lambda: None)
    bill = bill_of(card(TOKENS), spec(), finished(1, Usage(output_tokens=1000)), was_sent=True)
    assert bill == Bill(None, {"pictures": 1, "output_tokens": 1000})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("a yellow star", 3), ("", 0), ("一颗黄色的星星在夜空中，水彩画", 14), ("<|endoftext|>", 7),
        ("\ud800", 1), ("a" * 100_000, 12_500),
    ],
    ids=["english", "empty", "chinese", "a special word is none", "half a letter", "long"],
)  # fmt: skip
def test_tokens_are_counted_by_the_real_vocabulary(text: str, number: int) -> None:
    assert count_tokens(text) == number


def test_lost_answer_tells_no_cost() -> None:
    assert tells_cost(finished(1))
    assert tells_cost(ProviderError("no", sent=Sent.YES))
    assert not tells_cost(ProviderError("lost", sent=Sent.MAYBE))
    assert not tells_cost(ZeroDivisionError())


@pytest.mark.parametrize(
    ("table", "where"),
    [
        (None, "array"), ({}, "array"), ("[]", "array"), ([1], "$[0]"), ([{}], "missing"),
        ([{"quality": "low"}], "missing"), ([{"usd": -1}], "usd"), ([{"usd": "1"}], "usd"),
        ([{"usd": True}], "usd"), ([{"usd": float("nan")}], "usd"), ([{"usd": 10_001}], "usd"),
        ([{"usd": 1, "width": 3}], "together"), ([{"usd": 1}, {"usd": 1, "colour": 2}], "$[1]"),
        ([{"usd": 1, "width": 0, "height": 1}], "width"), ([{"usd": 1, "up_to_megapixels": 0}], "megapixels"),
        ([{"tokens": {"audio": 1}}], "audio"), ([{"usd": 1}] * (MOST_ROWS + 1), "rows"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_table_is_refused_by_name_and_prices_nothing(table: Any, where: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read_prices(table)
    assert where in str(caught.value)
    if isinstance(table, list):
        assert price_of(ModelCard("m", prices=tuple(table)), spec(), Usage(), 1) is None


@pytest.mark.parametrize(
    ("adapter", "model"), [(adapter, model) for adapter, known in PRICES.items() for model in known]
)
def test_listed_prices_are_tables_that_price_every_order(adapter: str, model: str) -> None:
    own = card(*suggest_prices(adapter, model))
    read_prices(list(own.prices))
    orders = [spec(), spec(mode="fast"), spec(2048, 2048, quality="high", image="art_1")]
    if "video" in find_class(adapter).capabilities.makes:
        orders = [filmed(seconds=1), filmed(seconds=1, image="art_1")]
    for order in orders:
        cost = dearest_of(own, order)
        assert cost is not None
        assert 0 < cost < 1


def filmed(**words: Any) -> GenerationSpec:
    return replace(spec(1280, 720, resolution="720p", **words), media_type="video")


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (filmed(seconds=5), 1.5),
        (filmed(seconds=10, audio=True), 5.0),
        (replace(filmed(seconds=4), resolution="1080p"), 2.72),
        (replace(filmed(seconds=4), resolution="480p"), 0.1),
        (spec(), None),
    ],
    ids=["a second of 720p", "with sound", "1080p", "of no row: the plain one", "a picture"],
)
def test_clip_is_priced_by_its_seconds_size_and_sound(
    order: GenerationSpec, found: float | None
) -> None:
    rows: list[dict[str, Any]] = [
        {"resolution": "720p", "audio": True, "per_second_usd": 0.5},
        {"resolution": "720p", "per_second_usd": 0.3},
        {"resolution": "1080p", "per_second_usd": 0.68},
        {"resolution": "480p", "usd": 0.1},
    ]
    assert cost(*rows, order=order) == found
    assert write_prices(read_prices(rows)) == rows


@pytest.mark.parametrize(
    ("adapter", "model", "usd"),
    [
        ("openai", "gpt-image-2-2026-04-21", 0.053),
        ("openai", "gpt-image-2.5-flare-2026-09-08", 0.0132),
        ("openai", "gpt-image-2.6-sunburst", 0.0132),
        ("bfl", "flux-pro-1.1-ultra", 0.06),
        ("bfl", "flux-2-pro", 0.03),
        ("ark", "doubao-seedream-5-0-flash-260915", 0.018),
        ("ark", "seedream-5-0-260128", 0.035),
        ("dashscope", "qwen-image-2.0-pro", 0.075),
        ("stability", "sd3.5-large-turbo", 0.04),
        ("openai", "gpt-image-20", None),
        ("openai", "gpt-image-1.5", None),
        ("bfl", "gpt-image-2", None),
        ("sdwebui", "core", None),
        ("dashscope", "z-image-turbo", None),
    ],
)
def test_listed_price_is_of_the_longest_name_that_is_known(
    adapter: str, model: str, usd: float | None
) -> None:
    found = dearest_of(card(*suggest_prices(adapter, model)), spec())
    assert found == (None if usd is None else Decimal(str(usd)))


@pytest.mark.parametrize(
    ("adapter", "model", "usd"),
    [
        ("runway", "gen4.5", 0.6),
        ("runway", "veo3.1_fast", 0.75),
        ("runway", "seedance2", 1.8),
        ("ark_videos", "doubao-seedance-2-5-260628", 1.08),
        ("ark_videos", "doubao-seedance-2-0-fast-260215", 0.57),
        ("dashscope_videos", "wan3.0-video", 0.415),
        ("dashscope_videos", "wan3.0-video-prime", 0.635),
        ("dashscope_videos", "wan2.7-i2v", 0.43),
        ("dashscope_videos", "happyhorse-1.1-t2v", 0.62),
        ("dashscope_videos", "wan2.6-i2v", None),
        ("fal_videos", "bytedance/seedance-2.5/text-to-video", 2.365),
        ("fal_videos", "bytedance/seedance-2.50", None),
    ],
)
def test_listed_price_of_a_clip_is_by_its_seconds(
    adapter: str, model: str, usd: float | None
) -> None:
    found = dearest_of(card(*suggest_prices(adapter, model)), filmed(seconds=5))
    assert found == (None if usd is None else Decimal(str(usd)))


def test_each_seeded_model_of_clips_that_a_vendor_sells_has_its_list_price() -> None:
    clips = [
        suggest_prices(vendor.adapter, one.vendor_model)
        for vendor in VENDORS
        for one in vendor.cards
        if "video" in one.media_types and one.vendor_model
    ]
    assert len(clips) >= 2
    assert all(clips)


def test_table_is_written_as_it_was_read() -> None:
    rows = [LOW, TOKENS, {"edit": False, "usd": 1.0}]
    assert read_prices(write_prices(read_prices(rows))) == read_prices(rows)
    assert write_prices(read_prices([LOW])) == [LOW]
