"""The command search finds what a member of staff may open, and nothing more."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Account, Task
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db
SEARCH = reverse("admin:search")


def found(client: Client, text: str) -> list[str]:
    answer: Any = client.get(SEARCH, {"s": text, "extended": "1"})
    assert answer.status_code == 200
    return [item.link for item in answer.context["results"]] if answer.content else []


@pytest.fixture
def task(alice: APIClient, stub: Account) -> Task:
    alice.post("/api/v1/generate", {"prompt": "A purple lighthouse 灯塔"}, format="json")
    return Task.objects.get()


@pytest.mark.parametrize("text", ["lighthouse", "LIGHTHOUSE", "灯塔", "task_{0}", "{1}"])
def test_orders_are_found_by_words_and_by_id(boss: Client, task: Task, text: str) -> None:
    page = reverse("admin:generation_task_change", args=[task.pk])
    assert page in found(boss, text.format(task.pk.hex, task.pk))


@pytest.mark.parametrize("text", ["a", "zz", "submarine", "\0", "%"])
def test_what_is_in_no_order_finds_none(boss: Client, task: Task, text: str) -> None:
    assert not [link for link in found(boss, text) if "/generation/task/0" in link]


@pytest.mark.usefixtures("recipes")
@pytest.mark.parametrize("text", ["badge", "BAD", "star"])
def test_templates_are_found_by_code_and_name(boss: Client, text: str) -> None:
    assert [link for link in found(boss, text) if "/templates/template/" in link]


@pytest.mark.usefixtures("recipes")
def test_each_finds_what_their_rights_open(hire: Hire, task: Task) -> None:
    clerk = hire("credits.view_purse")
    assert [link for link in found(clerk, "alice") if "customers" in link]
    assert not [link for text in ("lighthouse", "badge") for link in found(clerk, text)]
    editor = hire("templates.view_template", name="erin")
    assert [link for link in found(editor, "badge") if "/templates/template/" in link]
    assert not found(editor, "lighthouse")
