"""The page of costs: sums of a period, each leading to the orders that it is made of; for those who may see them."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from generation.admin.words import show_usd
from generation.models import Account, Attempt, Task
from generation.selectors.closed_days import find_today
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from tests.admin.conftest import Hire
from tests.steps import submit

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:generation_costs_changelist")


@pytest.fixture
def costly(alice: Any, stub: Account) -> list[Task]:
    """An order of two pictures at half a dollar, and one of unknown cost."""
    stub.offers.update(usd_per_picture="0.25")
    tasks = [submit(alice, num_images=2)]
    run_queue("local")
    stub.offers.update(usd_per_picture=None)
    tasks.append(submit(alice))
    run_queue("local")
    return tasks


def look(client: Client, query: str = "") -> Any:
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == 200, answer.get("Location")
    return answer


def figures(answer: Any) -> dict[str, str]:
    return {name: figure for name, figure, _link in answer.context["figures"]}


def listed(answer: Any) -> set[str]:
    return {str(row.task) for row in answer.context["cl"].result_list}


def links(answer: Any, part: str) -> list[str]:
    """Return the addresses of a page's links that hold a part, without their anchors."""
    found = re.findall(r'href="(\?[^"#]*)', answer.content.decode())
    return [unescape(link) for link in found if part in link]


def test_sums_stand_above_their_orders_and_unknown_is_no_nothing(
    boss: Client, costly: list[Task]
) -> None:
    answer = look(boss)
    assert figures(answer) == {
        "Cost in USD": "0.50", "A picture, in USD": "0.25", "Of unknown cost": "1",
        "Without result, in USD": "0.00", "Credits captured": "30", "Income in USD": "not known",
        "Margin in USD": "not known",
    }  # fmt: skip
    assert listed(answer) == {str(task) for task in costly}
    assert "1 order of unknown price is not in these sums." in answer.content.decode()
    assert "By provider" in answer.content.decode()
    assert '"data": [' in answer.context["chart"]["data"]


def test_chart_names_no_day_while_no_cost_is_known(boss: Client, alice: Any, stub: Account) -> None:
    submit(alice)
    run_queue("local")
    assert "Most on" not in look(boss).content.decode()
    Attempt.objects.update(cost_usd="0.5")
    assert f"Most on {find_today()}: 0.50 USD." in look(boss).content.decode()


def test_margin_is_shown_once_all_is_known(boss: Client, costly: list[Task]) -> None:
    Platform.objects.update(usd_per_credit="0.05")
    Attempt.objects.filter(cost_usd=None).update(cost_usd=0)
    found = figures(look(boss))
    assert (found["Income in USD"], found["Margin in USD"]) == ("1.50", "1.00")


def test_each_number_leads_to_its_orders(
    boss: Client, costly: list[Task], stub: Account, shop: Platform
) -> None:
    first, second = costly
    Task.objects.filter(pk=first.pk).update(model="gone")
    Attempt.objects.filter(task=first).update(ended_at=Now() - timedelta(days=2))
    answer = look(boss)
    all_of_them = {str(first), str(second)}
    for part, found in [
        ("unknown=1", {str(second)}),
        ("model=gone", {str(first)}),
        ("model=z-image-small", {str(second)}),
        (f"provider={stub.pk}", all_of_them),
        (f"platform={shop.pk}", all_of_them),
        (f"day={find_today()}", {str(second)}),
    ]:
        [link, *_] = links(answer, part)
        assert listed(look(boss, link)) == found, link


def test_sums_follow_what_is_chosen(boss: Client, costly: list[Task]) -> None:
    Task.objects.filter(pk=costly[0].pk).update(model="gone")
    answer = look(boss, "?model=gone&days=7")
    assert figures(answer)["Cost in USD"] == "0.50"
    assert figures(answer)["Of unknown cost"] == "0"
    titles = [str(title) for title, *_ in answer.context["tables"]]
    assert titles == ["By provider", "By platform", "By day"]


@pytest.mark.parametrize(("days", "number"), [("1", 1), ("7", 2), ("30", 3), ("90", 4)])
def test_period_is_chosen(
    boss: Client, costly: list[Task], alice: Any, days: str, number: int
) -> None:
    for _ in range(2):
        submit(alice)
    run_queue("local")
    for attempt, age in zip(Attempt.objects.order_by("id"), (0, 6, 29, 89), strict=True):
        Attempt.objects.filter(pk=attempt.pk).update(ended_at=Now() - timedelta(days=age))
    answer = look(boss, f"?days={days}")
    assert len(listed(answer)) == number
    assert len(json.loads(answer.context["chart"]["data"])["labels"]) == int(days)


@pytest.mark.parametrize(
    "query", ["?days=9", "?days=", "?provider=x", "?provider=999", "?platform=x", "?model=x", "?days=\0"],
)  # fmt: skip
def test_address_that_names_nothing_breaks_nothing(boss: Client, costly: Any, query: str) -> None:
    assert boss.get(f"{PAGE}{query}").status_code in {200, 302}


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "9999-12-31", "x" * 999])
def test_day_that_is_none_is_refused_as_a_filter(boss: Client, costly: Any, day: str) -> None:
    answer = boss.get(f"{PAGE}?day={day}")
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?e=1")


def test_only_who_may_see_costs_sees_them(hire: Hire, costly: list[Task]) -> None:
    plain = hire("generation.view_task")
    assert plain.get(PAGE).status_code == 403
    task = plain.get(reverse("admin:generation_task_change", args=[costly[0].pk])).content.decode()
    assert "0.50" not in task
    assert PAGE not in plain.get(reverse("admin:index")).content.decode()
    clerk = hire("generation.view_costs", name="erin")
    html = look(clerk).content.decode()
    assert str(costly[0]) in html
    assert reverse("admin:generation_task_change", args=[costly[0].pk]) not in html
    assert PAGE in clerk.get(reverse("admin:index")).content.decode()


def test_page_reads_as_often_for_many_orders_as_for_few(
    boss: Client, costly: list[Task], alice: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        submit(alice)
    run_queue("local")
    with django_assert_max_num_queries(20):
        look(boss)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_page_of_nothing_says_so(boss: Client, language: str) -> None:
    boss.cookies["django_language"] = language
    html = look(boss).content.decode()
    assert {"en": "Nothing cost anything", "zh-hans": "没有产生任何成本"}[language] in html


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "not known"), ("0", "0.00"), ("0.5", "0.50"), ("0.000006", "0.000006"), ("0.0395", "0.0395"),
        ("12.3456", "12.35"), ("-0.5", "-0.50"), ("-3", "-3.00"),
    ],
)  # fmt: skip
def test_small_amounts_are_not_rounded_away(usd: str | None, text: str) -> None:
    assert show_usd(None if usd is None else Decimal(usd)) == text
