"""What an order costs in statements, and that what it is answered from memory is what the rows say."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from credits.models import PriceRule
from generation.models import Account
from templates.models import Style
from templates.services import create_template, publish

GENERATE = "/api/v1/generate"
MOST_STATEMENTS = 8
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub")]
WORDS: dict[str, Any] = {
    "prompt": "a star",
    "negative_prompt": "text",
    "width": 64,
    "height": 64,
    "seed": 7,
    "num_images": 2,
    "metadata": {"cart": "4711"},
}


def order(client: APIClient, key: str, **words: Any) -> Any:
    answer = client.post(
        GENERATE, {**WORDS, **words}, format="json", headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 202, answer.json()
    return answer.json()


def test_order_takes_eight_statements_and_one_commit(alice: APIClient) -> None:
    # The first opens her place in the queue, and reads what is remembered.
    order(alice, "first")
    with CaptureQueriesContext(connection) as sent:
        order(alice, "second")
    texts = [one["sql"] for one in sent]
    assert texts.count("BEGIN") == texts.count("COMMIT") == 1
    assert len([text for text in texts if text not in {"BEGIN", "COMMIT"}]) <= MOST_STATEMENTS
    with CaptureQueriesContext(connection) as sent:
        assert order(alice, "second")["status"] == "pending"
    assert "BEGIN" not in [one["sql"] for one in sent]


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"style_preset": "anime", "priority": "low"},
        {"mode": "fast", "quality": "standard"},
        {"subject": "hero", "seed": None},
    ],
)
def test_new_order_is_answered_as_it_is_read(
    alice: APIClient, recipes: None, words: dict[str, Any]
) -> None:
    answer = order(alice, "one", **words)
    read = alice.get(f"/api/v1/tasks/{answer['id']}").json()
    assert read.pop("preview") is None
    assert read.pop("queue")["position"] == 1
    assert answer == read
    assert order(alice, "one", **words) == read


def test_new_order_of_a_template_is_answered_as_it_is_read(alice: APIClient, recipes: None) -> None:
    rules = {"subject": {"type": "string", "maxLength": 10}}
    draft = create_template(
        "poster", name="Poster", category="print", prompt="{subject} on paper", parameters=rules,
        required=["subject"],
    )  # fmt: skip
    publish(draft, actor="tests")
    body = {"template": "poster", "parameters": {"subject": "cat"}}
    answer = alice.post(GENERATE, body, format="json")
    assert answer.status_code == 202, answer.json()
    read = alice.get(f"/api/v1/tasks/{answer.json()['id']}").json()
    assert read.pop("preview") is None
    assert read.pop("queue")["position"] == 1
    assert answer.json() == read


def test_order_that_rests_says_so(alice: APIClient, stub: Account) -> None:
    order(alice, "awake")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE generation_provider SET resting_until = now() + interval '1 hour'")
    answer = order(alice, "resting")
    assert answer["paused"]["code"] == "provider_rests"
    read = alice.get(f"/api/v1/tasks/{answer['id']}").json()
    assert answer["paused"] == read["paused"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE generation_provider SET resting_until = NULL")
    assert order(alice, "awake again")["paused"] is None


def test_each_change_of_the_catalogue_counts_for_the_next_order(
    alice: APIClient, stub: Account, recipes: None, refuse: Callable[..., list[str]]
) -> None:
    assert order(alice, "usual")["credits"]["price"] == 20
    PriceRule.objects.create(name="Picture", amount=3, media_type="image")
    assert order(alice, "cheaper")["credits"]["price"] == 6
    PriceRule.objects.update(amount=4)
    assert order(alice, "dearer")["credits"]["price"] == 8
    order(alice, "styled", style_preset="anime")
    Style.objects.filter(code="anime").update(is_active=False)
    assert refuse(style_preset="anime") == ["style_preset"]
    stub.offers.update(longest_prompt=5)
    assert refuse() == ["prompt"]
    stub.offers.update(longest_prompt=500)
    Account.objects.update(is_enabled=False)
    assert refuse() == ["model"]


@pytest.fixture
def refuse(alice: APIClient) -> Callable[..., list[str]]:
    def ask(**words: Any) -> list[str]:
        answer = alice.post(GENERATE, {**WORDS, **words}, format="json")
        assert answer.status_code == 400, answer.json()
        return [error["field"] for error in answer.json()["errors"]]

    return ask
