"""Batches in the admin: listed, read with their tasks and refusals, canceled with a right and a reason."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Account, Batch, Task
from tests.admin.conftest import Hire
from tests.api.batches import prompts, row_of, send

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The customer called and asked for it."


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:generation_{name}", args=args)


@pytest.fixture
def batch(alice: APIClient, stub: Account) -> Batch:
    orders = [*prompts("a star", "a moon"), {"prompt": "a sun", "width": 17}]
    return row_of(send(alice, orders=orders, policy="some", metadata={"series": "x"}))


def test_batch_is_listed_read_and_reached_from_its_task(boss: Client, batch: Batch) -> None:
    html = boss.get(page("batch_changelist")).content.decode()
    assert str(batch) in html
    assert "0 / 2" in html
    html = boss.get(page("batch_change", batch.pk)).content.decode()
    for word in ("a star", "a moon", "series", "width: ", "alice", "0%"):
        assert word in html, word
    task = Task.objects.first()
    assert task
    assert page("batch_change", batch.pk) in boss.get(page("task_change", task.pk)).content.decode()
    found = boss.get(page("batch_changelist"), {"q": str(batch)}).content.decode()
    assert page("batch_change", batch.pk) in found


def test_prompts_of_a_batch_are_for_those_who_may_see_tasks(hire: Hire, batch: Batch) -> None:
    html = hire("generation.view_batch").get(page("batch_change", batch.pk)).content.decode()
    assert "alice" in html
    assert "a star" not in html


def test_cancel_needs_a_right_and_a_reason_and_states_what_came_back(
    hire: Hire, batch: Batch
) -> None:
    cancel = page("batch_cancel", batch.pk)
    assert hire("generation.view_batch", name="erin").post(cancel).status_code == 403
    assert hire("generation.cancel_batch", name="frank").post(cancel).status_code == 403
    clerk = hire("generation.view_batch", "generation.cancel_batch")
    asked = clerk.get(cancel).content.decode()
    assert "2 / 2" in asked
    assert clerk.post(cancel, {"reason": "short"}).status_code == 200
    assert Batch.objects.get().state == "pending"
    done = clerk.post(cancel, {"reason": REASON}, follow=True).content.decode()
    assert "2 tasks canceled" in done
    assert Batch.objects.get().state == "canceled"
    assert REASON in LogEntry.objects.get().change_message
    assert cancel not in done, "a cancel is offered though nothing is left"
    again = clerk.post(cancel, {"reason": REASON}).content.decode()
    assert "The batch has ended" in again
    assert LogEntry.objects.count() == 1
