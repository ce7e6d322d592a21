"""What pages say of tasks under way, and lists that hold what the first page counted."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from rest_framework.test import APIClient

from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Attempt, Task
from generation.work import run
from genhub.lib.ids import oldest_id
from tests.steps import claim, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
NOT_DELIVERED = {"en": "No picture was delivered.", "zh-hans": "没有交付图片。"}


def read(boss: Client, task: Task, language: str = "en") -> str:
    boss.cookies["django_language"] = language
    return boss.get(f"/admin/generation/task/{task.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("language", "waits", "works"),
    [
        ("en", "None yet: the task waits for its turn.", "None yet: 42 % is done."),
        ("zh-hans", "还没有：任务正在排队。", "还没有：已完成 42%。"),
    ],
)
def test_task_under_way_has_none_yet(
    boss: Client, alice: APIClient, language: str, waits: str, works: str
) -> None:
    task = submit(alice)
    page = read(boss, task, language)
    assert waits in page
    assert NOT_DELIVERED[language] not in page
    claim()
    Attempt.objects.update(progress=0.42, preview=b"\xff\xd8 a small JPEG")
    page = read(boss, task, language)
    assert works in page
    assert 'src="data:image/jpeg;base64,/9gg' in page
    cancel_task(task.pk)
    page = read(boss, task, language)
    assert NOT_DELIVERED[language] in page
    assert "under-way" not in page


def test_task_that_waits_for_a_switch_says_so(
    boss: Client, alice: APIClient, stub: Account
) -> None:
    task = submit(alice)
    Account.objects.update(is_enabled=False)
    assert "until the hub&#x27;s staff switch “stub” on again" in read(boss, task)
    assert "重新启用“stub”" in read(boss, task, "zh-hans")


def test_each_figure_of_the_first_page_leads_to_just_those_tasks(
    boss: Client, alice: APIClient
) -> None:
    submit(alice), submit(alice, "stub:fail")
    run.run_queue("local")
    cancel_task(submit(alice).pk)
    submit(alice), claim(), submit(alice)
    # As many again, of the day before.
    young = list(Task.objects.all())
    for task in young:
        task.pk = oldest_id(timedelta(hours=25 + young.index(task)))
        task.save(force_insert=True)
    page = boss.get("/admin/").content.decode()
    links = [
        unescape(link) for link in re.findall(r'href="([^"]*state__exact=[^"]*age=24h)"', page)
    ]
    assert len(links) == 5
    for link in links:
        listed = boss.get(link)
        assert listed.status_code == 200
        found = {row.pk for row in listed.context["cl"].result_list}
        state = re.search(r"state__exact=(\w+)", link)
        assert state
        assert found == {
            task.pk for task in Task.objects.filter(pk__gte=oldest_id(timedelta(hours=24)))
            if task.state == state[1]
        }  # fmt: skip
        assert len(found) == 1
