"""A budget's refusal over HTTP: which budget, its limit, what is spent and when it begins anew; nothing is made."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits import freezes
from credits.models import Budget, Purse
from generation.models import Provider, Task
from genhub.platforms.models import ApiKey
from tests.books import find_mistakes

pytestmark = pytest.mark.django_db

ORDER = {"prompt": "a star"}


def submit(client: APIClient, **headers: Any) -> Any:
    return client.post("/api/v1/generate", ORDER, format="json", **headers)


def test_budget_of_the_key_refuses_by_name(stub: Provider, alice: APIClient) -> None:
    Budget.objects.create(api_key=ApiKey.objects.get(), period="day", most=25)
    assert [submit(alice).status_code for _ in range(2)] == [202, 202]
    refusal = submit(alice)
    body = refusal.json()
    assert (refusal.status_code, body["code"]) == (402, "budget_exceeded")
    assert body["params"]["resets_at"] in body["detail"]
    found = {name: body["params"][name] for name in ("scope", "period", "limit", "spent", "wanted")}
    assert found == {"scope": "key", "period": "day", "limit": 25, "spent": 20, "wanted": 10}
    assert (
        "This API key may spend 25 credits per day; 20 are spent and this needs 10."
        in body["detail"]
    )
    assert Task.objects.count() == 2
    assert find_mistakes() == []


def test_refusal_is_worded_in_chinese(stub: Provider, alice: APIClient) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="total", most=5)
    body = submit(alice, HTTP_ACCEPT_LANGUAGE="zh-hans").json()
    assert body["code"] == "budget_spent"
    assert "此积分账户" in body["detail"]
    assert "5" in body["detail"]


def test_tasks_at_the_same_time_are_capped(stub: Provider, alice: APIClient) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="concurrent", most=1)
    first = submit(alice)
    refusal = submit(alice)
    assert (refusal.status_code, refusal.json()["code"]) == (429, "concurrency_reached")
    alice.post(first.json()["cancel_url"])
    assert submit(alice).status_code == 202
    assert find_mistakes() == []


def test_repetition_of_a_submit_counts_once(stub: Provider, alice: APIClient) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="hour", most=10)
    answers = [submit(alice, HTTP_IDEMPOTENCY_KEY="once") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_budget_of_one_key_does_not_bind_another(
    stub: Provider, alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    Budget.objects.create(api_key=ApiKey.objects.get(), period="total", most=0)
    assert submit(alice).status_code == 402
    assert submit(client_of("alice")).status_code == 202


def test_frozen_purse_is_refused_in_words(stub: Provider, alice: APIClient) -> None:
    purse = Purse.objects.get()
    freezes.freeze(purse.pk, ["a check"])
    refusal = submit(alice)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "purse_frozen")
    assert not Task.objects.exists()
