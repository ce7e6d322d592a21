"""What the hub says of credits: a balance with what expires and binds it, and a task's price line by line."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Budget, Hold, Period, Purse
from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.platforms.models import ApiKey, Platform
from templates.services import create_template, publish
from tests.api.refusals import GENERATE
from tests.books import find_mistakes

pytestmark = pytest.mark.django_db

CREDITS = "/api/v1/credits"
WHY = ledger.Why("tests", "a grant of the tests")


def order(client: APIClient, **words: Any) -> Any:
    answer = client.post(GENERATE, {"prompt": "a", **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


def read_task(client: APIClient, task: Any) -> Any:
    return client.get(f"/api/v1/tasks/{task['id']}").json()


class TestBalance:
    def test_expiring_credits_stand_soonest_first(
        self, client_of: Callable[..., APIClient], rich: Callable[..., Purse]
    ) -> None:
        purse, now = rich("alice", 100), datetime.now(UTC)
        for days in (30, 10, 20):
            expires_at = now + timedelta(days=days)
            ledger.grant(purse.pk, days, key=f"{days}", why=WHY, expires_at=expires_at)
        answer = client_of("alice").get(CREDITS).json()
        assert answer["available"] == 160
        told = [(lot["amount"], lot["expires_at"]) for lot in answer["expiring"]]
        times = [(now + timedelta(days=days)) for days in (10, 20, 30)]
        assert [amount for amount, _ in told] == [10, 20, 30]
        assert [datetime.fromisoformat(time) for _, time in told] == times

    def test_spent_lots_are_left_out_and_at_most_twenty_told(
        self, client_of: Callable[..., APIClient], rich: Callable[..., Purse]
    ) -> None:
        purse, now = rich("alice", 0), datetime.now(UTC)
        for number in range(23):
            expires_at = now + timedelta(days=1 + number)
            ledger.grant(purse.pk, 10, key=f"{number}", why=WHY, expires_at=expires_at)
        ledger.hold(purse.pk, 15, reference=purse.pk)
        told = client_of("alice").get(CREDITS).json()["expiring"]
        assert [lot["amount"] for lot in told] == [5] + [10] * 19
        assert datetime.fromisoformat(told[0]["expires_at"]) == now + timedelta(days=2)

    def test_budgets_of_purse_and_key_say_where_they_stand(
        self, client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account
    ) -> None:
        purse, alice, other = rich("alice", 100), client_of("alice"), client_of("alice")
        own, others = ApiKey.objects.order_by("created_at", "id")
        Budget.objects.create(purse=purse, period=Period.TOTAL, most=60)
        Budget.objects.create(api_key=own, period=Period.DAY, most=50)
        Budget.objects.create(api_key=others, period=Period.HOUR, most=40)
        order(alice, num_images=2)
        told = {row["scope"]: row for row in alice.get(CREDITS).json()["budgets"]}
        assert set(told) == {"purse", "key"}, "another key's budget is its own business"
        resets_at = told["key"].pop("resets_at")
        assert told == {
            "purse": {
                "scope": "purse", "period": "total", "limit": 60, "spent": 20, "resets_at": None
            },
            "key": {"scope": "key", "period": "day", "limit": 50, "spent": 20},
        }  # fmt: skip
        assert datetime.fromisoformat(resets_at) > datetime.now(UTC)
        spent = {row["period"]: row["spent"] for row in other.get(CREDITS).json()["budgets"]}
        assert spent == {"total": 20, "hour": 0}

    def test_freeze_is_told(
        self, client_of: Callable[..., APIClient], rich: Callable[..., Purse]
    ) -> None:
        rich("alice", 5)
        assert client_of("alice").get(CREDITS).json()["frozen"] is False
        Purse.objects.update(frozen_at=Now())
        assert client_of("alice").get(CREDITS).json()["frozen"] is True

    def test_stranger_has_nothing_that_expires_or_binds(
        self, client_of: Callable[..., APIClient], shop: Platform
    ) -> None:
        assert client_of("stranger").get(CREDITS).json() == {
            "user": "stranger", "available": 0, "held": 0, "expiring": [], "budgets": [], "frozen": False,
            "stopped": False,
        }  # fmt: skip


@pytest.mark.usefixtures("stub")
class TestTask:
    def test_lines_tell_each_move_oldest_first(self, alice: APIClient) -> None:
        task = order(alice, prompt="stub:refuse=1", num_images=3)
        [line] = task["credits"]["lines"]
        assert (line["kind"], line["amount"]) == ("hold", 30)
        assert (line["reason_code"], line["reason"]) == ("ai_generation", "generation")
        run_queue("local")
        ledger.refund(Hold.objects.get().pk, 5, key="a", why=ledger.Why("olga", "upside down"))
        credits = read_task(alice, task)["credits"]
        lines = credits["lines"]
        assert [(row["kind"], row["amount"]) for row in lines] == [
            ("hold", 30), ("capture", 20), ("release", 10), ("refund", 5)
        ]  # fmt: skip
        assert lines[3]["reason"] == "upside down"
        assert "olga" not in str(credits)
        assert (credits["price"], credits["held"]) == (30, 0)
        assert (credits["captured"], credits["released"], credits["refunded"]) == (20, 10, 5)
        statement = alice.get(f"{CREDITS}/entries?task={task['id']}").json()["items"]
        assert [row["id"] for row in statement] == [row["id"] for row in lines[::-1]]
        assert find_mistakes() == []

    def test_canceled_task_tells_what_came_back(self, alice: APIClient) -> None:
        task = order(alice)
        credits = alice.post(task["cancel_url"]).json()["credits"]
        assert [row["kind"] for row in credits["lines"]] == ["hold", "release"]
        assert (credits["held"], credits["released"]) == (0, 10)

    def test_free_task_has_no_line(self, client_of: Callable[..., APIClient]) -> None:
        publish(create_template("free", name="Free", prompt="a star", price=0), actor="tests")
        words = {"template": "free"}
        task = client_of("poor").post(GENERATE, words, format="json").json()
        assert task["credits"]["lines"] == []

    def test_pricing_is_told_as_it_was_frozen(self, alice: APIClient) -> None:
        task = order(alice)
        Task.objects.update(pricing={"rule": "house price"})
        assert read_task(alice, task)["credits"]["pricing"] == {"rule": "house price"}
        Task.objects.update(pricing={})
        assert read_task(alice, task)["credits"]["pricing"] is None

    def test_page_of_tasks_costs_the_queries_of_one(
        self, alice: APIClient, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(6):
            order(alice)
        run_queue("local")
        for limit in (1, 6):
            with django_assert_max_num_queries(7):
                items = alice.get(f"/api/v1/tasks?limit={limit}").json()["items"]
            assert [len(item["credits"]["lines"]) for item in items] == [2] * limit


def set_usd(provider: Account, usd: Any) -> None:
    provider.offers.update(usd_per_picture=usd)


class TestCost:
    @pytest.mark.parametrize(("usd", "cost"), [(0.04, 0.08), ("0.0025", 0.005), (0, 0.0)], ids=str)
    def test_delivered_pictures_cost_what_the_card_says(
        self, alice: APIClient, stub: Account, usd: Any, cost: float
    ) -> None:
        set_usd(stub, usd)
        task = order(alice, prompt="stub:refuse=1", num_images=3)
        assert task["cost_usd"] is None, "nothing is delivered yet"
        run_queue("local")
        assert read_task(alice, task)["cost_usd"] == cost

    def test_cost_that_nobody_said_is_unknown_and_not_nothing(
        self, alice: APIClient, stub: Account
    ) -> None:
        task = order(alice)
        run_queue("local")
        answer = read_task(alice, task)
        assert answer["status"] == "completed"
        assert answer["cost_usd"] is None
        assert Task.objects.get().cost_usd is None

    def test_task_that_never_left_cost_nothing(self, alice: APIClient, stub: Account) -> None:
        task = order(alice)
        alice.post(task["cancel_url"])
        assert read_task(alice, task)["cost_usd"] == 0
