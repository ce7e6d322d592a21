"""A period in figures: counted as the rows stand, beside the one before, for those who may read each."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from generation.failures import TaskFailure
from generation.life.unpaid_ends import cancel_task, end_unpaid
from generation.models import Account, Task
from generation.selectors.periods import HOUR, Figures, count_period
from generation.states import TaskState
from tests.admin.conftest import Hire
from tests.steps import submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def orders(alice: APIClient, finished: Callable[..., Task]) -> None:
    """Three delivered, one failed, one canceled, one that waits; one of the delivered of a template."""
    for seed in range(3):
        finished(seed=seed)
    end_unpaid(submit(alice).pk, TaskState.FAILED, problem=TaskFailure())
    cancel_task(submit(alice).pk)
    submit(alice)


def count_today() -> Figures:
    now = datetime.now(UTC)
    return count_period(now - timedelta(hours=1), now + timedelta(hours=1), HOUR)


def test_each_way_of_counting_finds_all(orders: None) -> None:
    found = count_today()
    whole = found.whole
    assert (whole.tasks, whole.completed, whole.judged, whole.success) == (6, 3, 4, 0.75)
    for way in ("slot", "state", "platform", "model"):
        assert sum(one.tasks for one in found.counts[way]) == 6, way
    assert found.counts["template"] == []
    assert [(one.name, one.tasks) for one in found.counts["error_code"]] == [(TaskFailure.code, 1)]
    assert found.times["z-image-small"].number == 3
    assert 0 <= found.times["z-image-small"].worked[0] <= found.times["z-image-small"].worked[1]


def test_period_ends_where_the_next_begins(orders: None) -> None:
    tasks = list(Task.objects.order_by("id"))
    middle = tasks[3].created_at
    parts = [
        count_period(middle - timedelta(hours=1), middle, HOUR),
        count_period(middle, middle + timedelta(hours=1), HOUR),
    ]
    assert sum(part.whole.tasks for part in parts) == 6
    assert (
        count_period(middle - timedelta(days=3), middle - timedelta(days=2), HOUR).whole.tasks == 0
    )


def test_page_shows_the_day_and_leads_to_its_orders(boss: Client, orders: None) -> None:
    page = reverse("admin:generation_task_figures")
    html = boss.get(page).content.decode()
    for words in ("75.0%", "By model", "Why orders failed", "z-image-small", "0 before"):
        assert words in html, words
    failed = next(card for card in boss.get(page).context["cards"] if card[0] == "Failed")
    listed = boss.get(failed[3]).content.decode()
    assert listed.count('class="hub-code">task_') == 1
    assert page in boss.get(reverse("admin:index")).content.decode()


def test_money_and_costs_are_for_those_who_may_see_them(hire: Hire, orders: None) -> None:
    page = reverse("admin:generation_task_figures")
    bare = hire("generation.view_task").get(page).content.decode()
    assert "Credits captured" not in bare
    assert "USD" not in bare
    rights = ("generation.view_task", "credits.view_purse", "generation.view_costs")
    whole = hire(*rights, name="erin").get(page).content.decode()
    assert "Credits captured" in whole
    assert "Cost in USD" in whole
    assert hire(name="frank").get(page).status_code == 403


@pytest.mark.parametrize("query", [
    "day=2026-13-45", "day=&days=x", "day=0001-01-01&days=30", "day=9999-12-31&days=7", "day=2026-01-01&days=1000000",
])  # fmt: skip
def test_strange_addresses_show_a_period(boss: Client, query: str) -> None:
    answer = boss.get(f"{reverse('admin:generation_task_figures')}?{query}")
    assert answer.status_code == 200
    assert "Nothing was ordered" in answer.content.decode()


def test_number_of_queries_does_not_grow(boss: Client, orders: None, stub: Account) -> None:
    with CaptureQueriesContext(
        connection,
    ) as made:
        assert boss.get(reverse("admin:generation_task_figures")).status_code == 200
    assert len(made) <= 20
