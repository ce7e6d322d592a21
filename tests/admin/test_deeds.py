"""Staff cancel a user's task, and order one again: with a right, a reason, and money as they said."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from credits.selectors import find_balance
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Offer, Task
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The customer called and asked for it."
GRANTED = 100


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:generation_task_{name}", args=args)


def order(client: APIClient, **words: Any) -> Task:
    answer = client.post("/api/v1/generate", {"prompt": "a star", "seed": 7} | words, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))


def available(task: Task) -> int:
    return find_balance(task.platform_id, task.user).available


def again(client: Client, task: Task, payer: str, **words: Any) -> Any:
    said = {"payer": payer, "reason": REASON, "once": str(new_id())} | words
    return client.post(page("order_again", task.pk), said)


def test_cancel_needs_a_right_and_a_reason_and_gives_back_what_is_held(
    hire: Hire, alice: APIClient, stub: Account
) -> None:
    task = order(alice)
    address = page("cancel", task.pk)
    assert hire("generation.view_task", name="erin").post(address).status_code == 403
    assert hire("generation.cancel_task", name="frank").post(address).status_code == 403
    clerk = hire("generation.view_task", "generation.cancel_task")
    assert address in clerk.get(page("change", task.pk)).content.decode()
    assert clerk.post(address, {"reason": "short"}).status_code == 200
    task.refresh_from_db()
    assert task.state == "pending"
    done = clerk.post(address, {"reason": REASON}, follow=True).content.decode()
    assert "The task was canceled" in done
    assert address not in done, "a cancel is offered though the task has ended"
    task.refresh_from_db()
    assert (task.state, available(task)) == ("canceled", GRANTED)
    assert REASON in LogEntry.objects.get().change_message
    assert "has ended" in clerk.post(address, {"reason": REASON}).content.decode()
    assert LogEntry.objects.count() == 1


def test_failed_order_is_made_again_at_the_hubs_expense_or_its_users(
    hire: Hire, alice: APIClient, stub: Account
) -> None:
    task = order(alice, num_images=2, metadata={"series": "x"}, quality="high")
    cancel_task(task.pk)
    clerk = hire("generation.view_task", "generation.order_task")
    assert hire("generation.view_task", name="erin").post(page("order_again", task.pk)).status_code == 403  # fmt: skip
    asked = clerk.get(page("order_again", task.pk)).content.decode()
    assert f"the user: {task.price} credits" in asked
    for payer, price in (("hub", 0), ("user", task.price)):
        before = available(task)
        answer = again(clerk, task, payer)
        assert answer.status_code == 302, answer.content.decode()
        copy = Task.objects.latest("id")
        assert (copy.price, available(task)) == (price, before - price)
        assert (copy.user, copy.platform_id, copy.quality) == (task.user, task.platform_id, "high")
        assert copy.spec["seeds"] == task.spec["seeds"]
        assert copy.metadata == {"series": "x", "repeats": str(task)}
        shown = clerk.get(answer.url).content.decode()
        assert str(task) in shown
        assert str(copy) in shown
        run_queue("local")
        assert Task.objects.get(pk=copy.pk).state == "completed"
    assert available(task) == GRANTED - task.price
    told = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert ["(hub pays)" in told[0], "(user pays)" in told[1]] == [True, True]


def test_double_click_orders_once(hire: Hire, finished: Callable[..., Task]) -> None:
    task = finished()
    clerk = hire("generation.view_task", "generation.order_task")
    once = str(new_id())
    places = {again(clerk, task, "user", once=once).url for _ in range(2)}
    assert len(places) == 1
    assert Task.objects.count() == 2


def leave(task: Task) -> None:
    """Let it wait."""


def forget_texts(task: Task) -> None:
    cancel_task(task.pk)
    Task.objects.update(texts_gone_at="2026-01-01T00:00Z")


def withdraw_model(task: Task) -> None:
    cancel_task(task.pk)
    Offer.objects.update(is_enabled=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (leave, "The task is pending"),
        (forget_texts, "kept no longer"),
        (withdraw_model, "is not offered now"),
    ],
)
def test_what_cannot_be_made_again_is_refused_in_words(
    hire: Hire, alice: APIClient, stub: Account, change: Callable[[Task], Any], said: str
) -> None:
    task = order(alice)
    change(task)
    clerk = hire("generation.view_task", "generation.order_task")
    address = page("order_again", task.pk)
    for answer in (clerk.get(address), again(clerk, task, "hub")):
        assert said in answer.content.decode()
    assert Task.objects.count() == 1


def test_user_without_credits_is_not_made_to_pay(
    hire: Hire, alice: APIClient, stub: Account
) -> None:
    task = order(alice, num_images=4, quality="high")
    cancel_task(task.pk)
    keep = order(alice, num_images=4, quality="high")
    clerk = hire("generation.view_task", "generation.order_task")
    assert available(keep) < task.price
    assert "credits" in again(clerk, task, "user").content.decode()
    assert Task.objects.count() == 2
    assert again(clerk, task, "hub").status_code == 302


def test_tasks_stand_side_by_side_and_what_differs_is_marked(
    hire: Hire, finished: Callable[..., Task]
) -> None:
    one, other = finished(prompt="a <b>star</b>"), finished(prompt="a moon")
    clerk = hire("generation.view_task")
    address = f"{page('compare')}?tasks={one},{other}"
    html = clerk.get(address).content.decode()
    assert "<mark>a &lt;b&gt;star&lt;/b&gt;</mark>" in html
    assert "<mark>a moon</mark>" in html
    assert f"<mark>{one.model}</mark>" not in html
    assert "data-follow-seconds" not in html
    for ids in ("", "nobody", str(one) + f",task_{new_id().hex}", ",".join([str(one)] * 5)):
        assert clerk.get(page("compare"), {"tasks": ids}).status_code == 404, ids
    assert hire(name="erin").get(address).status_code == 403
