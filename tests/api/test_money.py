"""What an order costs, what is refused for lack of credits, and that a refusal leaves the purse as it was."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import Hold, Transfer
from generation.models import Account, Task
from generation.work.run import run_queue
from templates.models import Template
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, header_of, refused
from tests.books import find_mistakes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]


def order(client: APIClient, **words: Any) -> Any:
    answer = client.post(GENERATE, words, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


SUMS = ("price", "held", "captured", "released", "refunded")


def sums(task: Any) -> dict[str, int]:
    """Return a task's price and what became of it."""
    return {name: task["credits"][name] for name in SUMS}


def balance(client: APIClient) -> tuple[int, int]:
    """Return what is available and held."""
    answer = client.get("/api/v1/credits").json()
    return answer["available"], answer["held"]


@pytest.mark.parametrize(
    ("words", "price"),
    [
        ({"prompt": "a"}, 10),
        ({"prompt": "a", "quality": "standard"}, 10),
        ({"prompt": "a", "quality": "high"}, 15),
        ({"prompt": "a", "quality": "hd"}, 15),
        ({"prompt": "a", "num_images": 4}, 40),
        ({"prompt": "a", "num_images": 9, "quality": "high"}, 135),
        ({"prompt": "a", "priority": "high", "style_preset": "anime"}, 10),
        ({"template": "shape", "parameters": {"shape": "star"}}, 10),
        ({"template": "shape", "parameters": {"shape": "star"}, "quality": "hd"}, 15),
        ({"template": "badge", "parameters": {"colour": "red"}}, 5),
        ({"template": "badge", "parameters": {"colour": "red"}, "num_images": 3}, 15),
        ({"template": "badge", "parameters": {"colour": "red"}, "quality": "high"}, 5),
    ],
)
def test_price_is_held_at_once_and_captured_in_the_end(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], words: dict[str, Any], price: int
) -> None:
    rich("alice", 1000)
    alice = client_of("alice")
    task = order(alice, **words)
    assert sums(task) == {
        "price": price, "held": price, "captured": 0, "released": 0, "refunded": 0
    }  # fmt: skip
    assert balance(alice) == (1000 - price, price)
    run_queue("local")
    assert balance(alice) == (1000 - price, 0)
    assert Hold.objects.get().captured == price
    assert find_mistakes() == []


def test_prices_follow_the_settings(alice: APIClient, settings: Any) -> None:
    settings.DEFAULT_IMAGE_CREDIT_COST = 7
    settings.HIGH_QUALITY_MULTIPLIER = 1.5
    assert order(alice, prompt="a")["credits"]["price"] == 7


def test_four_k_costs_half_as_much_again(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], stub: Account
) -> None:
    stub.offers.update(largest_side=4096)
    rich("alice", 1000)
    words = {"prompt": "a", "width": 3840, "height": 2160}
    assert order(client_of("alice"), **words)["credits"]["price"] == 15
    assert order(client_of("alice"), **words, quality="high")["credits"]["price"] == 23


@pytest.mark.parametrize("amount", [0, 1, 9])
def test_too_few_credits_are_refused_with_price_and_balance(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], amount: int
) -> None:
    rich("bob", amount)
    expect = (402, "insufficient_credits")
    problem = refused(client_of("bob"), GENERATE, body={"prompt": "a"}, expect=expect)
    assert problem["params"] == {"price": 10, "available": amount}
    assert "10" in problem["detail"]
    assert str(amount) in problem["detail"]


def test_exactly_enough_credits_are_enough_once(
    client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    rich("bob", 40)
    bob = client_of("bob")
    order(bob, prompt="a", num_images=4)
    problem = refused(bob, GENERATE, body={"prompt": "a"}, expect=(402, "insufficient_credits"))
    assert problem["params"]["available"] == 0, "what is held is not available"


def test_refused_order_may_be_sent_again_with_its_key_once_there_are_credits(
    client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    rich("bob", 9)
    bob = client_of("bob")
    bob.credentials(**header_of(bob), HTTP_IDEMPOTENCY_KEY="k")
    refused(bob, GENERATE, body={"prompt": "a"}, expect=(402, "insufficient_credits"))
    rich("bob", 1)
    order(bob, prompt="a")


def test_user_the_hub_never_saw_has_nothing(client_of: Callable[..., APIClient]) -> None:
    stranger = client_of("stranger")
    assert balance(stranger) == (0, 0)
    refused(stranger, GENERATE, body={"prompt": "a"}, expect=(402, "insufficient_credits"))


def free_template() -> Template:
    draft = create_template("free", name="Free", prompt="a star", price=0)
    publish(draft, actor="tests")
    return draft.template


def test_free_template_moves_no_credit(client_of: Callable[..., APIClient]) -> None:
    free_template()
    poor = client_of("poor")
    task = order(poor, template="free", num_images=3)
    assert sums(task) == dict.fromkeys(SUMS, 0)
    assert run_queue("local") == [{"task": task["id"], "ended": "completed"}]
    assert not Hold.objects.exists()
    assert not Transfer.objects.exists()
    assert find_mistakes() == []


def test_free_task_may_be_canceled(client_of: Callable[..., APIClient]) -> None:
    free_template()
    poor = client_of("poor")
    task = order(poor, template="free")
    assert poor.post(task["cancel_url"]).json()["status"] == "canceled"
    assert find_mistakes() == []


def test_price_is_frozen_at_submit(alice: APIClient, settings: Any) -> None:
    task = order(alice, prompt="stub:refuse=1", num_images=3)
    settings.DEFAULT_IMAGE_CREDIT_COST = 1000
    run_queue("local")
    answer = alice.get(f"/api/v1/tasks/{task['id']}").json()
    assert sums(answer) == {
        "price": 30, "held": 0, "captured": 20, "released": 10, "refunded": 0
    }  # fmt: skip
    assert Task.objects.get().unit_price == 10
