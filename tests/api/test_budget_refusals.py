"""A budget's refusal over HTTP: which budget, its limit, what is spent and when it begins anew; nothing is made."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits import freezes
from credits.models import Budget, Count, FreeUse, Purse
from generation.models import Account, Task
from generation.work import run
from genhub.lib.ids import new_id
from genhub.platforms.models import ApiKey
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, refused
from tests.books import find_mistakes

pytestmark = pytest.mark.django_db

ORDER = {"prompt": "a star"}


def submit(client: APIClient, **headers: Any) -> Any:
    return client.post("/api/v1/generate", ORDER, format="json", **headers)


def test_budget_of_the_key_refuses_by_name(stub: Account, alice: APIClient) -> None:
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


def test_refusal_is_worded_in_chinese(stub: Account, alice: APIClient) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="total", most=5)
    body = submit(alice, HTTP_ACCEPT_LANGUAGE="zh-hans").json()
    assert body["code"] == "budget_spent"
    assert "此积分账户" in body["detail"]
    assert "5" in body["detail"]


def test_tasks_at_the_same_time_are_capped(stub: Account, alice: APIClient) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="concurrent", most=1)
    first = submit(alice)
    refusal = submit(alice)
    assert (refusal.status_code, refusal.json()["code"]) == (429, "concurrency_reached")
    alice.post(first.json()["cancel_url"])
    assert submit(alice).status_code == 202
    assert find_mistakes() == []


def test_repetition_of_a_submit_counts_once(stub: Account, alice: APIClient) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="hour", most=10)
    answers = [submit(alice, HTTP_IDEMPOTENCY_KEY="once") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_budget_of_one_key_does_not_bind_another(
    stub: Account, alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    Budget.objects.create(api_key=ApiKey.objects.get(), period="total", most=0)
    assert submit(alice).status_code == 402
    assert submit(client_of("alice")).status_code == 202


def test_frozen_purse_is_refused_in_words(stub: Account, alice: APIClient) -> None:
    purse = Purse.objects.get()
    freezes.freeze(purse.pk, ["a check"])
    refusal = submit(alice)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "purse_frozen")
    assert not Task.objects.exists()


@pytest.fixture
def free(recipes: None) -> dict[str, Any]:
    """An order that costs nothing."""
    publish(create_template("free", name="Free", prompt="a star", price=0), actor="tests")
    return {"template": "free"}


@pytest.mark.parametrize("whose", ["purse", "api_key"])
def test_free_tasks_at_the_same_time_are_capped_too(
    stub: Account, alice: APIClient, free: dict[str, Any], whose: str
) -> None:
    subject: Any = Purse.objects.get() if whose == "purse" else ApiKey.objects.get()
    Budget.objects.create(**{whose: subject}, period="concurrent", most=2)
    # One that pays counts beside those that do not.
    first, paid = alice.post(GENERATE, free, format="json"), submit(alice)
    assert (first.status_code, paid.status_code) == (202, 202)
    quote = alice.post("/api/v1/quote", free, format="json").json()
    assert (quote["price"], quote["refusal"]) == (0, "concurrency_reached")
    problem = refused(alice, GENERATE, body=free, expect=(429, "concurrency_reached"))
    assert problem["params"]["spent"] == 2
    assert find_mistakes() == []
    alice.post(first.json()["cancel_url"])
    assert alice.post(GENERATE, free, format="json").status_code == 202
    run.run_queue("local")
    assert alice.post("/api/v1/quote", free, format="json").json()["refusal"] is None
    answers = [alice.post(GENERATE, free, format="json").status_code for _ in range(3)]
    assert answers == [202, 202, 429]
    assert find_mistakes() == []


def test_free_task_takes_nothing_of_a_budget_of_credits(
    stub: Account, alice: APIClient, free: dict[str, Any]
) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="day", most=0)
    assert alice.post(GENERATE, free, format="json").status_code == 202
    assert Count.objects.count() == 0


def test_frozen_purse_takes_no_free_order_either(
    stub: Account, alice: APIClient, free: dict[str, Any]
) -> None:
    freezes.freeze(Purse.objects.get().pk, ["a check"])
    assert alice.post("/api/v1/quote", free, format="json").json()["refusal"] == "purse_frozen"
    refused(alice, GENERATE, body=free, expect=(409, "purse_frozen"))


def test_new_user_of_a_key_without_room_is_told_before(
    stub: Account, client_of: Callable[..., APIClient], free: dict[str, Any]
) -> None:
    shop = client_of("")
    Budget.objects.create(api_key=ApiKey.objects.get(), period="concurrent", most=0)
    quote = shop.post("/api/v1/quote", free | {"user": "new"}, format="json").json()
    assert quote["refusal"] == "concurrency_reached"
    refused(shop, GENERATE, body=free | {"user": "new"}, expect=(429, "concurrency_reached"))


def test_audit_finds_a_free_task_that_is_counted_for_ever(
    stub: Account, alice: APIClient, free: dict[str, Any]
) -> None:
    Budget.objects.create(purse=Purse.objects.get(), period="concurrent", most=2)
    alice.post(GENERATE, free, format="json")
    FreeUse.objects.update(reference=new_id())
    assert {finding.check for finding in find_mistakes()} == {"free_use_has_live_task"}
