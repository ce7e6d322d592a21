"""A task's history says in words which provider got the order, and why none of the others."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from generation.accounts import routing
from generation.admin.tasks.history import WHY_NOT
from generation.models import Account, Rest, Task
from tests.steps import submit

pytestmark = pytest.mark.django_db


def history(client: Client, task: Task, language: str = "en") -> str:
    address = reverse("admin:generation_task_change", args=[task.pk])
    html = client.get(address, headers={"Accept-Language": language}).content.decode()
    return " ".join(html.split())


def offer(alias: str, **words: object) -> Account:
    account = Account.objects.create(alias=alias, adapter="stub", queue="remote", **words)
    account.offers.create(alias="z-image-small", default_width=64, default_height=64, smallest_side=16)  # fmt: skip
    return account


def test_why_one_and_why_not_the_others(boss: Client, stub: Account, alice: APIClient) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    offer("tired", resting_until=tomorrow, resting_why=Rest.FAILING)
    offer("spare", standby_rank=1)
    offer("light", weight=0)
    shown = history(boss, task := submit(alice))
    for words in (
        "<dt>provider</dt><dd>stub</dd>",
        "<dt>why</dt><dd>chosen</dd>",
        "<dt>tired</dt><dd>rests</dd>",
        "<dt>spare</dt><dd>stands by for when the others rest</dd>",
        "<dt>light</dt><dd>not its turn, by the weights</dd>",
    ):
        assert words in shown, words
    assert "considered" not in shown
    chinese = history(boss, task, "zh-hans")
    for words in ("<dt>tired</dt><dd>冷却中</dd>", "<dt>原因</dt><dd>选中</dd>"):
        assert words in chinese, words


def test_while_all_rest_it_says_so(boss: Client, stub: Account, alice: APIClient) -> None:
    Account.objects.update(
        resting_until=timezone.now() + timedelta(days=1), resting_why=Rest.NO_QUOTA
    )
    shown = history(boss, submit(alice))
    assert "<dt>why</dt><dd>all rest, and it is the first that is back</dd>" in shown


def test_each_thought_of_routing_has_words() -> None:
    thoughts = {routing.CHOSEN, routing.RESTS, routing.AVOIDED, routing.STANDBY, routing.OUTWEIGHED,
                routing.LEAVES, routing.HAS_PICTURE, routing.UNABLE}  # fmt: skip
    assert set(WHY_NOT) == thoughts
