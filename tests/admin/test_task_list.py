"""The list of tasks by time, template and failure, and the same tasks as pictures; no count of them all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Account, Task
from genhub.lib.ids import id_at
from genhub.users.models import User

pytestmark = pytest.mark.django_db
LIST = reverse("admin:generation_task_changelist")
MOST_STATEMENTS = 20


def listed(client: Client, **query: str) -> set[Any]:
    answer = client.get(LIST, query, follow=True)
    assert answer.status_code == 200
    return {task.pk for task in answer.context["cl"].result_list}


def made_at(task: Task, at: datetime) -> Task:
    """Return a copy of a task that was ordered at another time."""
    row = Task.objects.get(pk=task.pk)
    row.pk = id_at(at, timedelta())
    row.created_at = at
    row.save(force_insert=True)
    return row


@pytest.fixture
def hours(finished: Callable[..., Task]) -> list[Task]:
    """Three tasks: at 5, at 6 and at 7 o'clock UTC of one day; the one of today is not among them."""
    task = finished()
    return [made_at(task, datetime(2026, 3, 5, hour, tzinfo=UTC)) for hour in (5, 6, 7)]


def test_times_are_those_of_who_asks(boss: Client, hours: list[Task]) -> None:
    User.objects.update(time_zone="Asia/Shanghai")
    five, six, seven = (task.pk for task in hours)
    # 14:00 in Shanghai is 06:00 UTC.
    assert listed(boss, since="2026-03-05T14:00", until="2026-03-05T15:00") == {six}
    assert listed(boss, until="2026-03-05T15:00") == {five, six}
    assert {six, seven} < listed(boss, since="2026-03-05T14:00", until="")


def test_address_says_the_zone_and_means_the_same_to_others(
    boss: Client, hire: Any, hours: list[Task]
) -> None:
    User.objects.update(time_zone="Asia/Shanghai")
    words = {"since": "2026-03-05T14:00", "until": "2026-03-05T15:00", "state__exact": "completed", "p": "3"}  # fmt: skip
    led: Any = boss.get(LIST, words)
    assert led.status_code == 302
    assert "created_at__gte=2026-03-05T14%3A00%3A00%2B08%3A00" in led.url
    assert "state__exact=completed" in led.url
    assert "p=3" not in led.url
    other = hire("generation.view_task")
    shown = other.get(led.url)
    assert {task.pk for task in shown.context["cl"].result_list} == {hours[1].pk}
    html = shown.content.decode()
    assert 'value="2026-03-05T06:00"' in html
    html = boss.get(led.url).content.decode()
    assert 'value="2026-03-05T14:00"' in html
    assert "UTC+08:00 (Asia/Shanghai)" in html
    assert "06:00 UTC" in html


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"since": "yesterday"}, "“yesterday” is no time"),
        ({"until": "2026-13-45T99:99"}, "is no time"),
        ({"since": "2026-03-05T07:00", "until": "2026-03-05T06:00"}, "not after the beginning"),
    ],
)
def test_times_that_are_none_are_refused_in_words(
    boss: Client, words: dict[str, str], said: str
) -> None:
    assert said in boss.get(LIST, words, follow=True).content.decode()


def test_usual_stretches_and_the_links_of_figures_stay(boss: Client, hours: list[Task]) -> None:
    query = {
        "created_at__gte": "2026-03-05T06:00:00+00:00",
        "created_at__lt": "2026-03-05T07:00:00+00:00",
    }
    assert listed(boss, **query) == {hours[1].pk}
    shown = boss.get(LIST)
    (found,) = [spec for spec in shown.context["cl"].filter_specs if hasattr(spec, "since")]
    today = next(c for c in found.choices(shown.context["cl"]) if str(c["display"]) == "Today")
    only = boss.get(f"{LIST}{today['query_string']}").context["cl"].result_list
    assert len(only) == 1
    assert only[0].pk not in {task.pk for task in hours}


def test_tasks_of_a_template_and_of_a_failure(
    boss: Client, recipes: None, finished: Callable[..., Task], alice: APIClient, stub: Account
) -> None:
    plain, failed = finished(), finished(prompt="stub:fail")
    ordered = alice.post(
        "/api/v1/generate",
        {"template": "shape", "parameters": {"shape": "star"}},
        format="json",
    )
    assert ordered.status_code == 202, ordered.json()
    of_template: Any = Task.objects.exclude(template_version=None).get()
    code = of_template.template_version.template.code
    assert listed(boss, template=code) == {of_template.pk}
    assert listed(boss, template="nonsense") == set()
    assert failed.error_code
    assert listed(boss, error_code=failed.error_code) == {failed.pk}
    assert plain.pk in listed(boss)
    html = boss.get(LIST, {"error_code": failed.error_code, "q": "alice"}).content.decode()
    assert f'<option value="{failed.error_code}" selected>' in html
    assert '<input type="hidden" name="q" value="alice">' in html
    cancel = boss.get(reverse("admin:generation_task_cancel_all"), {"error_code": failed.error_code, "template": code})  # fmt: skip
    told = cancel.context["question"].facts["Filter"]
    assert f"Template is {code}" in told
    assert "Why it failed: " in told


def test_pictures_in_large_say_state_and_prompt_and_are_kept_through_filters(
    boss: Client, finished: Callable[..., Task]
) -> None:
    done, failed = finished(prompt="a red star", num_images=2), finished(prompt="stub:fail")
    rows = boss.get(LIST, {"state__exact": "completed"})
    as_pictures = rows.context["cl"].as_pictures
    assert "data-picture" not in rows.content.decode()
    answer = boss.get(f"{LIST}{as_pictures}")
    html = answer.content.decode()
    assert [task.pk for task in answer.context["cl"].result_list] == [done.pk]
    assert html.count('data-prompt="a red star"') == 2
    assert "lightbox" in html
    assert "completed" in html
    assert f'name="_selected_action" value="{done.pk}"' in html
    back = answer.context["cl"].as_rows
    assert "state__exact=completed" in back
    assert "gallery" not in back
    every = boss.get(LIST, {"gallery": "1"}).content.decode()
    assert "The generation failed" in every
    assert f'value="{failed.pk}"' in every


def test_viewers_without_deeds_tick_nothing(hire: Any, finished: Callable[..., Task]) -> None:
    finished()
    viewer = hire("generation.view_task")
    for query in ({}, {"gallery": "1"}):
        html = viewer.get(LIST, query).content.decode()
        assert "_selected_action" not in html


@pytest.mark.parametrize("query", [{}, {"gallery": "1"}, {"template": "x", "error_code": "y"}])
def test_page_reads_little_and_counts_nothing(
    boss: Client, finished: Callable[..., Task], query: dict[str, str]
) -> None:
    for _ in range(3):
        finished()
    boss.get(LIST, query)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        html = boss.get(LIST, query).content.decode()
    statements = [one["sql"] for one in asked.captured_queries]
    assert len(statements) <= MOST_STATEMENTS, statements
    assert not [one for one in statements if "COUNT(*)" in one.upper() and "generation_task" in one]
    assert "9999" not in html
