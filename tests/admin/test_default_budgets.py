"""A platform's new users start with its default budgets; those who were there before keep theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Budget, DefaultBudget
from generation.models import Account
from genhub.platforms.models import Platform
from tests.admin.conftest import Hire
from tests.books import find_mistakes

pytestmark = pytest.mark.django_db(transaction=True)


def add(client: Client, platform: Platform, **words: Any) -> Any:
    said = {"platform": platform.pk, "period": "day", "most": 15, "is_active": "on"} | words
    return client.post(reverse("admin:credits_defaultbudget_add"), said)


def order(client: APIClient, number: int = 1) -> Any:
    words = {"prompt": "a star", "num_images": number}
    return client.post("/api/v1/generate", words, format="json")


def test_new_users_start_with_it_and_others_do_not(
    boss: Client, shop: Platform, alice: APIClient, rich: Callable[..., Any],
    client_of: Callable[..., APIClient], stub: Account,
) -> None:  # fmt: skip
    other = Platform.objects.create(code="other", name="Other")
    assert add(boss, shop).status_code == 302
    assert add(boss, shop, period="concurrent", most=5).status_code == 302
    assert add(boss, shop, period="total", most=1, is_active="").status_code == 302
    rich("bob", 100)
    bob = client_of("bob")
    told = bob.get("/api/v1/credits").json()["budgets"]
    assert {(one["period"], one["limit"]) for one in told} == {("day", 15), ("concurrent", 5)}
    assert order(bob).status_code == 202
    assert order(bob).json()["code"] == "budget_exceeded"
    # Who was there before is bound by nothing new, nor is anybody of another platform.
    assert order(alice, 4).status_code == 202
    ledger.open_purse(other.pk, "bob")
    assert Budget.objects.count() == 2
    # It is the user's own: a change of the default leaves it, and opening again adds nothing.
    DefaultBudget.objects.update(most=99)
    ledger.open_purse(shop.pk, "bob")
    assert sorted(Budget.objects.values_list("most", flat=True)) == [5, 15]
    ledger.open_purse(shop.pk, "carl")
    assert Budget.objects.filter(purse__user="carl", most=99).count() == 2
    assert find_mistakes() == []


def test_first_order_of_a_stranger_is_bound_already(
    boss: Client, shop: Platform, client_of: Callable[..., APIClient], stub: Account
) -> None:
    add(boss, shop, period="concurrent", most=0)
    assert order(client_of("stranger")).json()["code"] in {"concurrency_reached", "insufficient_credits"}  # fmt: skip


def test_it_is_made_by_those_who_may_and_its_history_has_values(
    boss: Client, hire: Hire, shop: Platform
) -> None:
    assert add(hire("credits.view_defaultbudget"), shop).status_code == 403
    for words in ({"most": -1}, {"most": 10**18}, {"period": "year"}, {"most": ""}):
        assert add(boss, shop, **words).status_code == 200, words
    assert add(boss, shop).status_code == 302
    assert add(boss, shop).status_code == 200
    row = DefaultBudget.objects.get()
    page = reverse("admin:credits_defaultbudget_change", args=[row.pk])
    assert boss.post(page, {"most": 20, "is_active": "on"}).status_code == 302
    assert "15 → 20" in LogEntry.objects.latest("pk").change_message
    listed = boss.get(reverse("admin:credits_budget_changelist")).content.decode()
    assert reverse("admin:credits_defaultbudget_changelist") in listed
