"""Lists that grow for ever: however many rows they have, a page counts none and reaches not far for those it shows."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from unfold.paginator import InfinitePaginator as Bottomless

from generation.models import Task
from genhub.admin import paging
from genhub.admin.paging import MOST_PAGES, InfinitePaginator
from tests.steps import submit

pytestmark = pytest.mark.django_db
PAGERS: list[Any] = sorted(
    (one for one in admin.site._registry.values() if issubclass(one.paginator, Bottomless)), key=str
)
# With a row or more for each order.
GROWING = ("generation_task", "credits_transfer", "credits_hold", "webhooks_delivery", "storage_artifact", "generation_costs")  # fmt: skip
MOST_STATEMENTS = 20


def test_no_list_is_bottomless() -> None:
    assert len(PAGERS) > 10
    assert [one for one in PAGERS if not issubclass(one.paginator, InfinitePaginator)] == []
    # Their rows are not counted for "of so many" either.
    assert [one for one in PAGERS if one.show_full_result_count] == []


@pytest.mark.parametrize("name", GROWING)
def test_deepest_page_is_near_and_follows_an_index(boss: Client, name: str) -> None:
    boss.get(reverse(f"admin:{name}_changelist"))
    with CaptureQueriesContext(connection) as asked:
        answer = boss.get(f"{reverse(f'admin:{name}_changelist')}?p={MOST_PAGES}")
    assert answer.status_code == 200
    statements = [one["sql"] for one in asked]
    assert len(statements) <= MOST_STATEMENTS
    rows = [one for one in statements if " LIMIT " in one and " OFFSET " in one]
    assert len(rows) == 1, statements
    [skipped] = re.findall(r"OFFSET (\d+)", rows[0])
    assert int(skipped) <= 5000
    table = answer.context["cl"].model._meta.db_table
    counted = re.compile(rf'COUNT\(\*\) AS "__count" FROM "{table}"')
    assert not any(counted.search(one) for one in statements)
    plan = explain(rows[0])
    # What an index has sorted by time may be sorted on by id, a few rows at a time.
    assert not re.search("(?<!Incremental )Sort  ", plan), plan
    assert re.search(rf"Index Scan.* on {table}", plan), plan


@pytest.mark.parametrize("name", GROWING)
def test_order_that_no_index_has_is_not_offered(boss: Client, name: str) -> None:
    listed = boss.get(reverse(f"admin:{name}_changelist")).context["cl"]
    shown = listed.model_admin
    orders = {getattr(getattr(shown, column), "admin_order_field", "") for column in listed.sortable_by}  # fmt: skip
    assert orders <= {"id", shown.ordering[0].lstrip("-")}


def explain(statement: str) -> str:
    """Return the plan of a statement as it is for many rows, where to read and sort them all is dear."""
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("name", GROWING)
def test_page_beyond_the_last_is_none(boss: Client, name: str) -> None:
    page = reverse(f"admin:{name}_changelist")
    answer = boss.get(f"{page}?p={MOST_PAGES + 1}")
    assert (answer.status_code, answer["Location"]) == (302, f"{page}?e=1")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "There are more: narrow the list"), ("zh-hans", "还有更多：请用筛选或搜索缩小范围。")],
)
def test_last_page_says_how_to_find_the_rest(
    boss: Client, alice: Any, stub: Any, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    boss.cookies["django_language"] = language
    monkeypatch.setattr(paging, "MOST_PAGES", 2)
    monkeypatch.setattr(admin.site._registry[Task], "list_per_page", 1)
    page = reverse("admin:generation_task_changelist")
    for _ in range(2):
        submit(alice)
    first, second = (boss.get(f"{page}?p={number}").content.decode() for number in (1, 2))
    assert 'href="?p=2"' in first
    assert words not in first
    assert 'href="?p=1"' in second
    assert 'href="?p=3"' not in second
    # It is full, so there may be more.
    assert words in second
