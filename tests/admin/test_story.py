"""A task's story: events, credits, webhooks and staff's deeds in one line of time, for those who may read each."""

import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from generation.models import Task
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The customer called and asked for it."


def trace(task: Task, *words: str) -> str:
    out = StringIO()
    call_command("task", "trace", str(task), *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def told(shop: Platform, finished: Callable[..., Task], boss: Client) -> Task:
    """A task that was paid, told to an app, and refunded by staff."""
    endpoints.create(shop.pk, url="https://93.184.215.14/hooks", events=["task.completed"])
    task = finished()
    page = reverse("admin:generation_task_refund", args=[task.pk])
    form = boss.get(page).context["question"].form
    said = {
        "amount": 3,
        "reason": REASON,
        "once": form["once"].value(),
        "seen": form["seen"].value(),
    }
    assert boss.post(page, said).status_code == 302
    return task


def test_trace_tells_all_in_order(told: Task) -> None:
    lines = [json.loads(line) for line in trace(told, "--json").splitlines()]
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    kinds = [(line["source"], line["kind"]) for line in lines]
    for moment in [("task", "submitted"), ("credits", "hold"), ("task", "claimed"), ("task", "completed"),
                   ("credits", "capture"), ("credits", "refund"), ("task", "refunded"), ("staff", "deed"), ("webhook", "begun")]:  # fmt: skip
        assert moment in kinds, kinds
    refund = next(line for line in lines if line["kind"] == "refund")
    assert refund["facts"]["amount"] == 3
    text = trace(told)
    assert len(text.splitlines()) == len(lines)
    assert REASON in text


def test_page_tells_what_its_reader_may_know(hire: Hire, boss: Client, told: Task) -> None:
    page = reverse("admin:generation_task_change", args=[told.pk])
    whole = boss.get(page).content.decode()
    assert whole.count(REASON) >= 2
    bare = hire("generation.view_task").get(page).content.decode()
    assert "captured</" in whole
    assert bare.count("<tr") < whole.count("<tr")


def test_what_was_counted_is_told_in_words(told: Task, boss: Client) -> None:
    usage = {"pictures": 1, "input_text_tokens": 4, "counted_here": ["input_text_tokens"]}
    told.attempts.update(usage=usage)
    page = reverse("admin:generation_task_change", args=[told.pk])
    shown = boss.get(page).content.decode()
    assert "pictures: 1, tokens of the prompt: 4 (counted here)" in shown
    chinese = boss.get(page, headers={"accept-language": "zh-hans"}).content.decode()
    assert "提示词的 token 数: 4（由本站统计）" in chinese
    assert not any(
        name in page for name in usage for page in (shown, chinese) if name != "pictures"
    )


def test_unknown_task_is_said(db: None) -> None:
    for name in ("task_0", "task_" + "0" * 32):
        with pytest.raises(CommandError, match="there is no task"):
            call_command("task", "trace", name)
