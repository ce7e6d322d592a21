"""Versions side by side, their notes, and what became of their orders."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Task
from generation.orders.house import Wanted, draw_by
from generation.selectors import versions
from generation.selectors.versions import find_usage
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from templates.admin.difference import MOST_PIECES, mark_changes
from templates.models import Template, TemplateVersion
from templates.selectors import as_recipe
from templates.services import create_template, draft_next, publish
from templates.usage import Usage
from tests.admin.conftest import Hire
from tests.admin.test_recipes import address, shape, words_of

HOSTILE = "<img src=x onerror=alert(1)>"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]


@pytest.fixture
def draft() -> TemplateVersion:
    version = draft_next(shape())
    version.prompt = f"one {{colour}} {{shape}} {HOSTILE}"
    version.price = 7
    version.note = HOSTILE
    version.save()
    return version


def compared(client: Client, left: Any, right: Any) -> Any:
    place = reverse("admin:generation_task_versions")
    return client.get(
        place, {"left": getattr(left, "pk", left), "right": getattr(right, "pk", right)}
    )


def test_what_differs_is_marked_on_its_side(boss: Client, draft: TemplateVersion) -> None:
    text = compared(boss, shape().published, draft).content.decode()
    assert "<del>a</del>" in text
    assert "<ins>one</ins>" in text
    assert "<del> on a {background} background</del>" not in text
    assert "<ins>7</ins>" in text
    assert "Negative prompt" not in text.partition("<tbody>")[2]
    assert HOSTILE not in text
    assert "Both say the same." in compared(boss, draft, draft).content.decode()


def test_pieces_that_differ_are_found_in_words_and_in_chinese() -> None:
    assert mark_changes("a red star", "a blue star") == (
        "a <del>red</del> star",
        "a <ins>blue</ins> star",
    )
    assert mark_changes("红色的星", "蓝色的星") == ("<del>红</del>色的星", "<ins>蓝</ins>色的星")
    assert mark_changes("<b>", "<i>") == ("&lt;<del>b</del>&gt;", "&lt;<ins>i</ins>&gt;")
    long = "ab " * MOST_PIECES
    assert mark_changes(long, "c") == (f"<del>{long}</del>", "<ins>c</ins>")


def test_only_versions_of_one_template_are_compared(boss: Client, draft: TemplateVersion) -> None:
    other = Template.objects.get(code="badge").published
    for left in (other, "nonsense", "", "019300000000700080000000000000aa"):
        assert compared(boss, left, draft).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_pictures_of_try_outs_are_for_those_who_may_see_tasks(
    hire: Hire, draft: TemplateVersion
) -> None:
    draw_by(as_recipe(draft), Wanted({"shape": "star"}, 7), person="carol", once="a")
    run_queue("local")
    sees = hire("templates.view_templateversion", "generation.view_task")
    assert compared(sees, shape().published, draft).content.decode().count("<img") == 1
    words = hire("templates.view_templateversion", name="erin")
    page = compared(words, shape().published, draft)
    assert (page.status_code, page.content.decode().count("<img")) == (200, 0)
    assert compared(hire("generation.view_task", name="fred"), draft, draft).status_code == 403


def order(alice: APIClient, shape_name: str = "star", **words: Any) -> Task:
    body = {"template": "shape", "parameters": {"shape": shape_name}, **words}
    answer = alice.post("/api/v1/generate", body, format="json")
    assert answer.status_code == 202, answer.json()
    run_queue("local")
    return Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))


def test_versions_tell_what_became_of_their_orders(
    boss: Client, alice: APIClient, draft: TemplateVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shape().published
    assert first is not None
    tasks = [order(alice) for _ in range(3)]
    Hold.objects.filter(reference=tasks[0].pk).update(refunded=1)
    # Whatever staff drew says nothing of customers.
    draw_by(as_recipe(first), Wanted({"shape": "star"}, 7), person="carol", once="b")
    assert find_usage([first.pk, draft.pk]) == {first.pk: Usage(False, 3, 3, 0, 1)}
    page = boss.get(address("template_change", first.template_id)).content.decode()
    assert "100%" in page
    assert "33%" in page
    assert HOSTILE not in page
    assert "compare with v1" in page
    monkeypatch.setattr(versions, "MOST_ORDERS", 2)
    assert find_usage([first.pk]) == {first.pk: Usage(True, 2, 2, 0, 0)}
    assert (
        "the latest 2" in boss.get(address("template_change", first.template_id)).content.decode()
    )


def test_usage_is_read_by_its_index_and_never_counted(
    boss: Client, alice: APIClient, draft: TemplateVersion
) -> None:
    order(alice)
    publish(draft, actor="carol")
    with CaptureQueriesContext(connection) as queries:
        boss.get(address("template_change", draft.template_id))
    # One for all versions that are looked at, each by itself, and none that reads them all.
    [sql] = [q["sql"] for q in queries if 'FROM "generation_task"' in q["sql"]]
    assert sql.count("LIMIT 201") == 2
    assert "COUNT(" not in sql
    latest = Task.objects.filter(template_version=draft, platform__is_house=False).order_by("-id")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert "task_of_version" in latest.explain()


def test_note_goes_with_its_version_and_not_into_the_next(
    boss: Client, draft: TemplateVersion
) -> None:
    page = address("templateversion_change", draft.pk)
    assert boss.post(page, words_of(draft, note="Larger, and in blue")).status_code == 302
    question = boss.get(address("templateversion_publish", draft.pk)).content.decode()
    assert "Larger, and in blue" in question
    draft.refresh_from_db()
    publish(draft, actor="carol")
    assert "Larger, and in blue" in boss.get(address("template_change", draft.template_id)).content.decode()  # fmt: skip
    assert draft_next(shape()).note == ""


def test_pages_of_templates_take_few_queries_however_many_there_are(
    boss: Client, shop: Platform
) -> None:
    for number in range(9):
        publish(draft_next(shape()), actor="carol")
        version = create_template(f"more-{number}", name="More", prompt="a star", platforms=["shop"])  # fmt: skip
        publish(version, actor="carol")
    for place in (address("template_change", shape().pk), address("template_changelist")):
        boss.get(place)
        with CaptureQueriesContext(connection) as queries:
            assert "can be ordered" in boss.get(place).content.decode()
        assert len(queries) <= 20, place
