"""What an order would cost, asked without ordering it: the same words and refusals, and not a row more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from credits.freezes import freeze
from credits.models import Budget, Lot, Period, PriceRule, Purse
from credits.tariffs import seed_price_rules
from generation.life.paces import size_of
from generation.models import Account, Pace, Task
from genhub.platforms.models import ApiKey, Plan, Platform, Scope
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, check_problem, refused
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

QUOTE = "/api/v1/quote"
SIZE_4K = {"width": 3840, "height": 2160}


def ask(client: APIClient, **words: Any) -> Any:
    answer = client.post(QUOTE, {"prompt": "a star"} | words, format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()


def every_row() -> dict[str, Any]:
    """Return all rows of all tables."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608
            found[model._meta.db_table] = sorted(map(repr, cursor.fetchall()))
    return found


@pytest.fixture
def large(stub: Account) -> None:
    stub.offers.update(largest_side=4096)


def test_quote_says_price_reasons_and_what_would_be_held(alice: APIClient, large: None) -> None:
    assert ask(alice, quality="high", num_images=4, **SIZE_4K) == {
        "chain": None,
        "price": 92,
        "unit_price": 23,
        "number": 4,
        "decided_by": {"origin": "rule", "name": "Picture", "amount": 10, "per": "one"},
        "factors": [{"name": "4k", "factor": 1.5}, {"name": "High quality", "factor": 1.5}],
        "discount_percent": 0.0,
        "mode": None,
        "priority": "normal",
        "held": 92,
        "available": 100,
        "affordable": True,
        "refusal": None,
        "estimated_cost_usd": None,
        "usual_seconds": None,
    }
    assert ask(alice, quality="high", num_images=5, **SIZE_4K)["affordable"] is False


def test_seeded_hub_prices_like_an_unseeded_one(alice: APIClient, large: None) -> None:
    orders: list[dict[str, Any]] = [{}, {"quality": "hd"}, SIZE_4K, {"quality": "high", **SIZE_4K}]
    unseeded = [ask(alice, **words) for words in orders]
    assert [quote["price"] for quote in unseeded] == [10, 15, 15, 23]
    assert seed_price_rules() == 4
    assert [ask(alice, **words) for words in orders] == unseeded
    assert seed_price_rules() == 0, "a second seed changes nothing"
    assert PriceRule.objects.count() == 4


def test_seed_leaves_the_prices_of_staff_alone(alice: APIClient) -> None:
    PriceRule.objects.create(name="Everything", amount=3)
    assert seed_price_rules() == 0
    assert ask(alice)["price"] == 3


def test_platform_has_prices_of_its_own(
    alice: APIClient, client_of: Callable[..., APIClient], shop: Platform, stub: Account
) -> None:
    elsewhere = Platform.objects.create(code="elsewhere", name="Elsewhere", plan=shop.plan)
    guest = client_of("alice", platform=elsewhere)
    PriceRule.objects.create(name="Everybody's", amount=10)
    PriceRule.objects.create(name="Elsewhere's", amount=4, rank=1, platform=elsewhere)
    PriceRule.objects.create(name="Ours, dearer", effect="factor", factor=2, platform=shop)
    assert (ask(alice)["price"], ask(guest)["price"]) == (20, 4)
    assert ask(alice)["factors"] == [{"name": "Ours, dearer", "factor": 2.0}]
    assert ask(guest)["decided_by"]["name"] == "Elsewhere's"
    assert submit(alice).price == 20


def test_what_is_asked_is_what_is_held_and_kept_with_the_task(alice: APIClient) -> None:
    words: dict[str, Any] = {"quality": "high", "num_images": 2, "mode": "fine"}
    quote = ask(alice, **words)
    task = submit(alice, **words)
    assert (task.price, task.unit_price, task.mode) == (quote["price"], 15, "fine")
    assert task.pricing == {name: quote[name] for name in task.pricing}
    assert set(task.pricing) == {
        "unit_price", "number", "decided_by", "factors", "discount_percent"
    }  # fmt: skip
    assert Purse.objects.get(user="alice").held == quote["held"] == 30


def test_quote_says_how_long_such_orders_took(alice: APIClient, stub: Account) -> None:
    offer = stub.offers.get()
    spec = submit(alice).spec
    kind = {"size": size_of(64, 64), "steps": spec["steps"], "weight": 3, "busy_seconds": 1}
    Pace.objects.create(account=stub, model=offer.alias, seconds=2.14, **kind)
    assert ask(alice, num_images=2)["usual_seconds"] == 4.3
    # A kind of which nobody knows anything yet.
    assert ask(alice, width=512, height=512)["usual_seconds"] is None


def test_template_decides_its_own_price(alice: APIClient) -> None:
    quote = alice.post(
        QUOTE,
        {"template": "badge", "parameters": {"colour": "red"}, "num_images": 3},
        format="json",
    ).json()
    assert (quote["price"], quote["decided_by"]) == (
        15, {"origin": "template", "name": "badge", "amount": 5, "per": "one"}
    )  # fmt: skip


def test_asking_changes_no_row_of_any_table(
    client_of: Callable[..., APIClient], alice: APIClient
) -> None:
    stranger = client_of("stranger")
    for client in (alice, stranger):
        # The first request with a key notes that it was used.
        client.get("/api/v1/credits")
    before = every_row()
    assert ask(alice, num_images=9)["affordable"] is True
    nothing = {"price": 10, "available": 0, "affordable": False, "refusal": "insufficient_credits"}
    assert ask(stranger) | nothing == ask(stranger)
    assert alice.post(QUOTE, {"prompt": "a", "steps": 0}, format="json").status_code == 400
    assert every_row() == before
    assert sum(map(len, before.values())) > 10
    assert not Purse.objects.filter(user="stranger").exists()


def test_balance_is_told_to_those_who_may_read_it(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse]
) -> None:
    rich("alice", 10)
    blind = client_of("alice", scopes=[Scope.TASKS_WRITE])
    assert (ask(blind)["available"], ask(blind)["affordable"]) == (None, True)
    reader = client_of("alice", scopes=[Scope.TASKS_WRITE, Scope.CREDITS_READ])
    assert ask(reader)["available"] == 10


def test_quote_foretells_each_refusal_of_the_ledger(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse]
) -> None:
    purse = rich("alice", 30)
    alice = client_of("alice")

    def foretold(code: str | None, **words: Any) -> None:
        assert (ask(alice, **words)["refusal"], ask(alice, **words)["affordable"]) == (
            code,
            not code,
        )
        status = alice.post(GENERATE, {"prompt": "a", **words}, format="json")
        assert status.json().get("code") == code

    foretold("insufficient_credits", num_images=4)
    budget = Budget.objects.create(purse=purse, period=Period.DAY, most=19)
    foretold("budget_exceeded", num_images=2)
    foretold(None)
    Budget.objects.filter(pk=budget.pk).update(is_active=False)
    Budget.objects.create(api_key=ApiKey.objects.get(), period=Period.CONCURRENT, most=0)
    foretold("concurrency_reached")
    Budget.objects.update(is_active=False)
    freeze(purse.pk, ["tests"])
    foretold("purse_frozen")


def test_credits_whose_time_is_over_pay_for_nothing(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse]
) -> None:
    purse = rich("alice", 105)
    alice = client_of("alice")
    tomorrow, today = timezone.now() + timedelta(days=1), timezone.now()
    Lot.objects.create(purse=purse, amount=5, remaining=5, expires_at=tomorrow)
    assert ask(alice)["available"] == 105
    Lot.objects.create(purse=purse, amount=100, remaining=100, expires_at=today)
    assert (ask(alice)["available"], ask(alice)["refusal"]) == (5, "insufficient_credits")


def test_platform_key_names_the_user(client_of: Callable[..., APIClient], alice: APIClient) -> None:
    platform = client_of("")
    refused(platform, QUOTE, body={"prompt": "a"}, expect=(400, "invalid_request", "user"))
    assert ask(platform, user="alice")["available"] == 100
    refused(alice, QUOTE, body={"prompt": "a", "user": "bob"}, expect=(403, "wrong_user"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": "a", "steps": 51}, "steps"),
        ({"prompt": "a", "num_images": 0}, "num_images"),
        ({"prompt": "a", "model": "nobody-has-this"}, "model"),
        ({"prompt": "a", "type": "video"}, "type"),
        ({"prompt": "a", "promt": "b"}, "promt"),
        ({"prompt": "a", "webhook": "x"}, "webhook"),
        ({"template": "shape"}, "parameters.shape"),
        ({"prompt": "a", "mode": "fast", "quality": "high"}, "mode"),
    ],
)
def test_quote_refuses_what_an_order_refuses(
    alice: APIClient, body: dict[str, Any], field: str
) -> None:
    problems = [
        refused(alice, address, body=body, expect=(400, "invalid_request", field))
        for address in (QUOTE, GENERATE)
    ]
    assert problems[0] == problems[1]


def test_order_without_a_price_is_refused(alice: APIClient) -> None:
    PriceRule.objects.create(name="Clips alone", amount=50, media_type="video")
    for address in (QUOTE, GENERATE):
        refused(alice, address, body={"prompt": "a"}, expect=(409, "price_unknown"))
    PriceRule.objects.update(media_type="", is_active=False)
    for address in (QUOTE, GENERATE):
        refused(alice, address, body={"prompt": "a"}, expect=(409, "price_unknown"))


def test_price_beyond_every_purse_is_refused(alice: APIClient) -> None:
    PriceRule.objects.create(name="Everything", amount=10**12)
    for address in (QUOTE, GENERATE):
        body = {"prompt": "a", "num_images": 2}
        refused(alice, address, body=body, expect=(409, "price_too_large"))


def test_price_of_nothing_holds_nothing(client_of: Callable[..., APIClient]) -> None:
    publish(create_template("free", name="Free", prompt="a star", price=0), actor="tests")
    quote = client_of("poor").post(QUOTE, {"template": "free"}, format="json").json()
    assert (quote["price"], quote["held"], quote["affordable"]) == (0, 0, True)


# Plans: discount, mode, priority.


@pytest.fixture
def on_plan(shop: Platform, alice: APIClient) -> Callable[..., APIClient]:
    """Put alice's platform on a plan."""

    def put(**words: Any) -> APIClient:
        shop.plan = Plan.objects.create(code="basic", name="Basic", **words)
        shop.save()
        return alice

    return put


@pytest.mark.parametrize(
    ("discount", "words", "price"),
    [
        ("10", {}, 9),
        ("10", {"num_images": 3}, 27),
        ("15", {"num_images": 3}, 27),  # 8.5 up is 9, three times
        ("10", {"quality": "high"}, 14),  # 13.5 up
        ("100", {}, 0),
        ("0.01", {}, 10),
    ],
)
def test_discount_lowers_every_price(
    on_plan: Callable[..., APIClient], discount: str, words: dict[str, Any], price: int
) -> None:
    alice = on_plan(discount_percent=discount)
    quote = ask(alice, **words)
    assert (quote["price"], quote["discount_percent"]) == (price, float(discount))
    assert submit(alice, **words).price == price


def test_discount_lowers_a_templates_price_too(on_plan: Callable[..., APIClient]) -> None:
    body = {"template": "badge", "parameters": {"colour": "red"}}
    quote = on_plan(discount_percent="20").post(QUOTE, body, format="json").json()
    assert (quote["price"], quote["decided_by"]["origin"]) == (4, "template")


@pytest.mark.parametrize(
    ("plan", "words", "mode", "steps"),
    [
        ("", {}, "", 12),
        ("", {"mode": "fast"}, "fast", 6),
        ("", {"mode": "fine"}, "fine", 24),
        ("fast", {}, "fast", 6),
        ("fast", {"mode": "fine"}, "fine", 24),
        ("fine", {"mode": "fast"}, "fast", 6),
        # Steps that were said stand, and so does the word of the mode.
        ("", {"mode": "fast", "steps": 40}, "fast", 40),
        ("fast", {"steps": 3}, "fast", 3),
        # High quality is paid for, so a plan's fast mode does not spoil it.
        ("fast", {"quality": "high"}, "", 24),
        ("fine", {"quality": "high"}, "fine", 24),
        ("", {"quality": "high"}, "", 24),
    ],
)
def test_mode_is_the_orders_else_the_plans(
    on_plan: Callable[..., APIClient], plan: str, words: dict[str, Any], mode: str, steps: int
) -> None:
    alice = on_plan(mode=plan)
    task = submit(alice, **words)
    assert (task.mode, task.spec["steps"]) == (mode, steps)
    answer = alice.get(f"/api/v1/tasks/task_{task.pk.hex}").json()
    assert answer["mode"] == ask(alice, **words)["mode"] == (mode or None)


def test_template_stands_between_order_and_plan(on_plan: Callable[..., APIClient]) -> None:
    settings = {"mode": "fast"}
    publish(create_template("quick", name="Quick", prompt="a", settings=settings), actor="tests")
    alice = on_plan(mode="fine")

    def order(**words: Any) -> Task:
        answer = alice.post(GENERATE, {"template": "quick", **words}, format="json")
        assert answer.status_code == 202, answer.json()
        return Task.objects.order_by("-id")[0]

    assert order().mode == "fast"
    assert order(mode="fine").mode == "fine"


@pytest.mark.parametrize(
    ("highest", "said", "priority"),
    [
        ("high", None, "normal"),
        ("high", "high", "high"),
        ("normal", "normal", "normal"),
        ("normal", "low", "low"),
        ("low", None, "low"),
        ("low", "low", "low"),
    ],
)
def test_priority_within_the_plan_is_taken(
    on_plan: Callable[..., APIClient], highest: str, said: str | None, priority: str
) -> None:
    alice = on_plan(highest_priority=highest)
    words = {"priority": said} if said else {}
    assert ask(alice, **words)["priority"] == priority
    assert submit(alice, **words).get_priority_display() == priority


@pytest.mark.parametrize(
    ("highest", "said"), [("normal", "high"), ("low", "normal"), ("low", "high")]
)
def test_priority_above_the_plan_is_refused_naming_the_highest(
    on_plan: Callable[..., APIClient], highest: str, said: str
) -> None:
    alice = on_plan(highest_priority=highest)
    for address in (QUOTE, GENERATE):
        body = {"prompt": "a", "priority": said}
        problem = refused(alice, address, body=body, expect=(400, "invalid_request", "priority"))
        [error] = problem["errors"]
        assert error["code"] == "above_plan"
        assert f"“{highest}”" in error["message"]


def test_key_used_before_plans_still_finds_its_order(alice: APIClient) -> None:
    header: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "k"}
    first = alice.post(GENERATE, {"prompt": "a"}, format="json", **header).json()
    said = {"prompt": "a", "priority": "normal"}
    assert alice.post(GENERATE, said, format="json", **header).json()["id"] == first["id"]
    other = alice.post(GENERATE, {"prompt": "a", "priority": "low"}, format="json", **header)
    check_problem(other, 422, "idempotency_key_reused")
