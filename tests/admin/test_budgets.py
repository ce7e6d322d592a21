"""Staff set limits: budgets of keys and purses, and what apps may grant; each wrong one is refused by name."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits import ledger
from credits.budget_standings import find_standings
from credits.budgets import list_budgets
from credits.errors import BudgetExceeded
from credits.models import Budget, GrantRule, Period, Purse
from genhub.lib.ids import new_id
from genhub.platforms.models import ApiKey, Platform
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db
Rich = Callable[..., Purse]


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:credits_{name}", args=args)


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, "accepted"
    return {name: list(found) for name, found in answer.context["adminform"].form.errors.items()}


@pytest.fixture
def purse(rich: Rich) -> Purse:
    return rich("bob", 1000)


@pytest.fixture
def key(shop: Platform) -> ApiKey:
    return ApiKey.objects.issue(shop, name="web", user="bob")[0]


def budget_of(owner: Purse, **changed: Any) -> dict[str, Any]:
    return {"purse": owner.pk, "period": "day", "most": "100", "is_active": "on"} | changed


def rule_of(shop: Platform, **changed: Any) -> dict[str, Any]:
    words = {
        "platform": shop.pk,
        "kind": "ad_reward",
        "daily_most_per_user": "20",
        "daily_most": "500",
        "lifetime_days": "",
        "is_active": "on",
    }
    return words | changed


def test_a_budget_made_here_binds_the_next_hold(boss: Client, purse: Purse) -> None:
    assert boss.post(address("budget_add"), budget_of(purse)).status_code == 302
    ledger.hold(purse.pk, 70, reference=new_id())
    with pytest.raises(BudgetExceeded), transaction.atomic():
        ledger.hold(purse.pk, 31, reference=new_id())
    html = boss.get(address("budget_changelist")).content.decode()
    assert "70 / 100" in html
    assert "width: 70%" in html
    assert "Purse of bob @ Shop" in html
    assert "70 / 100" in boss.get(address("purse_change", purse.pk)).content.decode()


def test_a_keys_budget_counts_what_the_key_spends(boss: Client, purse: Purse, key: ApiKey) -> None:
    words = {"api_key": key.pk, "period": "total", "most": "50", "is_active": "on"}
    assert boss.post(address("budget_add"), words).status_code == 302
    ledger.hold(purse.pk, 40, reference=new_id(), terms=ledger.Terms(api_key_id=key.pk))
    ledger.hold(purse.pk, 40, reference=new_id())
    page = boss.get(address("budget_change", Budget.objects.get().pk)).content.decode()
    assert "40 / 50" in page
    assert "not by itself" in page
    assert "40 / 50" in boss.get(address("purse_change", purse.pk)).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"purse": ""}, "api_key", "Choose an API key or a purse."),
        ({"purse": new_id()}, "purse", "not one of the available choices"),
        ({"most": "-1"}, "most", "greater than or equal to 0"),
        ({"most": "1.5"}, "most", "whole number"),
        ({"most": "NaN"}, "most", "whole number"),
        ({"most": ""}, "most", "required"),
        ({"most": str(2**63)}, "most", "less than or equal to"),
        ({"most": str(10**12 + 1)}, "most", "less than or equal to"),
        ({"period": "year"}, "period", "not one of the available choices"),
        ({"period": ""}, "period", "required"),
    ],
)
def test_wrong_budgets_are_refused(
    boss: Client, purse: Purse, wrong: dict[str, Any], field: str, message: str
) -> None:
    found = errors(boss.post(address("budget_add"), budget_of(purse, **wrong)))
    assert found.keys() == {field}
    assert message in found[field][0]
    assert not Budget.objects.exists()


def test_a_budget_is_of_a_key_or_a_purse(boss: Client, purse: Purse, key: ApiKey) -> None:
    found = errors(boss.post(address("budget_add"), budget_of(purse, api_key=key.pk)))
    assert found == {"purse": ["Choose the API key or the purse, not both."]}
    assert not Budget.objects.exists()


def test_one_budget_for_each_period(boss: Client, purse: Purse) -> None:
    assert boss.post(address("budget_add"), budget_of(purse)).status_code == 302
    found = errors(boss.post(address("budget_add"), budget_of(purse, most="7")))
    assert "already exists" in str(found)
    assert boss.post(address("budget_add"), budget_of(purse, period="hour")).status_code == 302
    assert Budget.objects.count() == 2


def test_only_the_limit_changes_and_its_history_tells_from_what(
    boss: Client, purse: Purse, rich: Rich
) -> None:
    row = Budget.objects.create(purse=purse, period=Period.DAY, most=100)
    page = address("budget_change", row.pk)
    words = {"most": "60", "period": "hour", "purse": rich("eve", 1).pk}
    assert boss.post(page, words).status_code == 302
    row.refresh_from_db()
    assert (row.most, row.is_active, row.period, row.purse_id) == (60, False, "day", purse.pk)
    history = boss.get(address("budget_history", row.pk)).content.decode()
    assert "Limit: 100 → 60" in history
    assert "Active: True → False" in history
    assert errors(boss.post(page, {"most": "-3"})).keys() == {"most"}


def test_the_form_says_what_counts(boss: Client, purse: Purse) -> None:
    html = boss.get(address("budget_add"), {"purse": str(purse.pk)}).content.decode()
    for words in ("Counting begins when", "platform's time zone", "tasks under way", "bob @ Shop"):
        assert words in html.replace("&#x27;", "'"), words


@pytest.mark.parametrize("model", ["budget", "grantrule"])
def test_limits_need_their_right_and_are_never_deleted(
    hire: Hire, boss: Client, purse: Purse, shop: Platform, model: str
) -> None:
    words = budget_of(purse) if model == "budget" else rule_of(shop)
    viewer = hire(f"credits.view_{model}", name="viewer")
    assert viewer.post(address(f"{model}_add"), words).status_code == 403
    adder = hire(f"credits.add_{model}", f"credits.view_{model}", "credits.view_purse")
    assert adder.post(address(f"{model}_add"), words).status_code == 302
    row = (Budget if model == "budget" else GrantRule).objects.get()
    assert adder.post(address(f"{model}_change", row.pk), words).status_code == 403
    assert viewer.get(address(f"{model}_change", row.pk)).status_code == 200
    assert boss.post(address(f"{model}_delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_standings_are_those_that_the_ledger_counts_in(
    purse: Purse, shop: Platform, zone: str
) -> None:
    Platform.objects.filter(pk=shop.pk).update(time_zone=zone)
    for period in Period.values:
        Budget.objects.create(purse=purse, period=period, most=50)
    hold = ledger.hold(purse.pk, 30, reference=new_id())
    ledger.settle(hold, 12)
    made = Budget.objects.order_by("id")
    standings = find_standings([budget.pk for budget in made])
    shown = [(standings[budget.pk].used, standings[budget.pk].resets_at) for budget in made]
    assert shown == [(view.spent, view.resets_at) for view in list_budgets(purse.pk)]
    used = {budget.period: standings[budget.pk].used for budget in made}
    assert used == {"total": 12, "hour": 12, "day": 12, "month": 12, "concurrent": 0}
    ends = {budget.period for budget in made if standings[budget.pk].resets_at}
    assert ends == {"hour", "day", "month"}


def test_many_budgets_are_judged_in_one_query(rich: Rich) -> None:
    made = [
        Budget.objects.create(purse=rich(f"user{number}", 0), period=Period.MONTH, most=5)
        for number in range(30)
    ]
    with CaptureQueriesContext(connection) as queries:
        assert len(find_standings([budget.pk for budget in made])) == 30
    assert len(queries) == 1
    assert find_standings([]) == {}


def test_a_grant_rule_is_made_and_its_caps_change(boss: Client, shop: Platform) -> None:
    assert boss.post(address("grantrule_add"), rule_of(shop, lifetime_days="30")).status_code == 302
    rule = GrantRule.objects.get()
    assert (rule.kind, rule.daily_most_per_user, rule.daily_most, rule.lifetime_days) == (
        "ad_reward", 20, 500, 30,
    )  # fmt: skip
    page = address("grantrule_change", rule.pk)
    assert boss.post(page, rule_of(shop, kind="other", daily_most_per_user="25")).status_code == 302
    rule.refresh_from_db()
    assert (rule.kind, rule.daily_most_per_user, rule.lifetime_days) == ("ad_reward", 25, None)
    history = boss.get(address("grantrule_history", rule.pk)).content.decode()
    assert "Most per user and day: 20 → 25" in history
    assert "never expire" in boss.get(address("grantrule_changelist")).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"platform": ""}, "platform"),
        ({"kind": ""}, "kind"),
        ({"kind": "ad reward"}, "kind"),
        ({"kind": "x" * 51}, "kind"),
        ({"daily_most_per_user": "0"}, "daily_most_per_user"),
        ({"daily_most": "0"}, "daily_most"),
        ({"daily_most": "-5"}, "daily_most"),
        ({"daily_most": str(2**63)}, "daily_most"),
        ({"daily_most_per_user": "501"}, "daily_most_per_user"),
        ({"lifetime_days": "0"}, "lifetime_days"),
        ({"lifetime_days": "36501"}, "lifetime_days"),
        ({"lifetime_days": "1.5"}, "lifetime_days"),
    ],
)
def test_wrong_grant_rules_are_refused(
    boss: Client, shop: Platform, wrong: dict[str, Any], field: str
) -> None:
    found = errors(boss.post(address("grantrule_add"), rule_of(shop, **wrong)))
    assert found.keys() == {field}
    assert not GrantRule.objects.exists()


def test_one_grant_rule_for_each_kind(boss: Client, shop: Platform) -> None:
    assert boss.post(address("grantrule_add"), rule_of(shop)).status_code == 302
    assert "already exists" in str(errors(boss.post(address("grantrule_add"), rule_of(shop))))
    assert boss.post(address("grantrule_add"), rule_of(shop, kind="welcome")).status_code == 302
