"""Fast and fine: what a mode makes of size, steps and guidance, and that the price is of what will be made."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import PriceRule
from credits.tariffs import seed_price_rules
from generation.accounts import routing
from generation.models import Account, Task
from generation.orders import samples
from genhub.platforms.models import Plan, Platform
from templates.models import Style
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, refused
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes")]

MODES = {
    "fast_steps": 5, "fast_cfg_scale": 0.0, "fast_width": 32, "fast_height": 48,
    "fine_steps": 30, "fine_cfg_scale": 3.5, "fine_width": 1024, "fine_height": 512,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _modes(stub: Account) -> None:
    stub.offers.update(**MODES)


def made(client: APIClient, **words: Any) -> tuple[int, int, int, float]:
    spec = submit(client, **words).spec
    return spec["width"], spec["height"], spec["steps"], spec["cfg_scale"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, (64, 64, 12, 2.0)),
        ({"mode": "fast"}, (32, 48, 5, 0.0)),
        ({"mode": "fine"}, (1024, 512, 30, 3.5)),
        # High quality takes the steps alone: its price is not of another size.
        ({"quality": "high"}, (64, 64, 30, 2.0)),
        ({"quality": "high", "mode": "fine"}, (1024, 512, 30, 3.5)),
        # What the order says itself, it gets.
        ({"mode": "fast", "width": 128, "height": 96}, (128, 96, 5, 0.0)),
        ({"mode": "fast", "width": 128}, (128, 48, 5, 0.0)),
        ({"mode": "fast", "cfg_scale": 1, "steps": 40}, (32, 48, 40, 1.0)),
        ({"mode": "fine", "cfg_scale": 0}, (1024, 512, 30, 0.0)),
    ],
)
def test_mode_fills_in_what_the_order_does_not_say(
    alice: APIClient, words: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert made(alice, **words) == expected


@pytest.mark.parametrize(
    ("columns", "fast", "fine"),
    [
        ({"default_steps": 13}, 6, 26),
        ({"default_steps": 1}, 1, 2),
        ({"default_steps": 30}, 15, 50),
        ({"fast_steps": 13}, 13, 24),
    ],
)
def test_steps_that_the_model_does_not_say_are_half_and_twice_the_usual(
    alice: APIClient, stub: Account, columns: dict[str, int], fast: int, fine: int
) -> None:
    stub.offers.update(**dict.fromkeys(MODES) | columns)
    assert made(alice, mode="fast") == (64, 64, fast, 2.0)
    assert made(alice, mode="fine") == (64, 64, fine, 2.0)
    assert made(alice, quality="high") == (64, 64, fine, 2.0)


def test_template_and_style_decide_before_the_mode(alice: APIClient) -> None:
    settings = {"mode": "fine", "steps": 7, "width": 256, "height": 256}
    publish(create_template("own", name="Own", prompt="a", settings=settings), actor="tests")
    Style.objects.filter(code="anime").update(settings={"cfg_scale": 6.0})

    orders = (
        {"template": "own"},
        {"template": "own", "mode": "fast"},
        {"prompt": "a", "style_preset": "anime", "mode": "fine"},
    )
    for words in orders:
        answer = alice.post(GENERATE, words, format="json")
        assert answer.status_code == 202, answer.json()
    specs = [task.spec for task in Task.objects.order_by("id")]
    assert [(s["width"], s["height"], s["steps"], s["cfg_scale"]) for s in specs] == [
        (256, 256, 7, 3.5),
        (256, 256, 7, 0.0),
        (1024, 512, 30, 6.0),
    ]


def test_plans_mode_fills_in_too(alice: APIClient, shop: Platform) -> None:
    Platform.objects.update(plan=Plan.objects.create(code="fine", name="Fine", mode="fine"))
    assert made(alice) == (1024, 512, 30, 3.5)


def test_price_is_of_what_the_mode_makes(alice: APIClient) -> None:
    seed_price_rules()
    PriceRule.objects.create(name="Large", amount=17, rank=9, least_megapixels="0.5")
    PriceRule.objects.create(name="Few steps", amount=3, rank=9, most_steps=5)

    def price(**words: Any) -> int:
        answer = alice.post("/api/v1/quote", {"prompt": "a"} | words, format="json").json()
        assert submit(alice, **words).price == answer["price"]
        return int(answer["price"])

    assert price() == 10
    assert price(mode="fine") == 17
    assert price(mode="fine", width=64, height=64) == 10
    assert price(mode="fast") == 3
    assert price(mode="fast", steps=6) == 10


def test_samples_of_price_rules_are_what_the_modes_make(stub: Account) -> None:
    items = {item.mode: item for _, item in samples.list_samples() if item.mode}
    fast, fine = items["fast"], items["fine"]
    assert (fast.width, fast.height, fast.steps) == (32, 48, 5)
    assert (fine.width, fine.height, fine.steps) == (1024, 512, 30)


def test_mode_that_contradicts_high_quality_is_refused(alice: APIClient) -> None:
    body = {"prompt": "a", "mode": "fast", "quality": "high"}
    refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "mode"))


def test_model_that_is_off_is_unknown_and_the_next_provider_makes_it(
    alice: APIClient, stub: Account, django_assert_num_queries: Any
) -> None:
    light = Account.objects.create(alias="light", adapter="stub", queue="local", standby_rank=1)
    light.offers.create(alias="z-image-small", default_steps=9)
    assert routing.choose("z-image-small").account == stub  # type: ignore[union-attr]
    with django_assert_num_queries(1):
        assert routing.choose("z-image-small").account == stub  # type: ignore[union-attr]
    with django_assert_num_queries(1):
        assert routing.list_models()["z-image-small"].default_steps == 12
    stub.offers.update(is_enabled=False)
    assert made(alice)[2] == 9
    light.offers.update(is_enabled=False)
    expect = (400, "invalid_request", "model")
    refused(alice, GENERATE, body={"prompt": "a"}, expect=expect)
    refused(alice, GENERATE, body={"prompt": "a", "model": "z-image-small"}, expect=expect)
