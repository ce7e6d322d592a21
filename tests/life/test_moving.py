"""Waiting orders moved by staff: within their user's line, to another priority; others keep their turns."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from credits.models import Hold, Transfer
from generation.errors import NotWaiting, PriorityTooHigh
from generation.life import claims, moving
from generation.models import Account, Attempt, Event, Share, Task
from genhub.platforms.models import Plan, Platform
from tests.books import find_mistakes
from tests.queued import place_in, wait_in
from tests.steps import claim, submit

WHY: dict[str, Any] = {"by": "carol", "reason": "A customer waits at the desk."}
pytestmark = pytest.mark.django_db


def served() -> list[Task]:
    """Return the tasks in the order in which claims take them."""
    found = []
    while held := claims.claim_next("local", worker="tests"):
        found.append(Task.objects.get(pk=held.task_id))
    return found


def test_order_goes_before_or_behind_those_of_its_user(alice: APIClient, stub: Account) -> None:
    one, two, three, four = (submit(alice) for _ in range(4))
    moving.move(three.pk, "first", **WHY)
    moving.move(one.pk, "last", **WHY)
    assert served() == [three, two, four, one]


def test_other_users_keep_their_turns(shop: Platform, stub: Account) -> None:
    mine, other = place_in(shop, "alice"), place_in(shop, "bob")
    # What is written in one statement comes in any order among its own.
    _, _, moved, _ = wait_in([mine, other, mine, other], stub)
    moving.move(moved.pk, "first", **WHY)
    tasks = served()
    assert tasks[0] == moved
    assert [task.user for task in tasks] == ["alice", "bob", "alice", "bob"]


def test_priority_changes_and_money_does_not(alice: APIClient, stub: Account) -> None:
    first, second = submit(alice), submit(alice)
    Share.objects.update(cap=1)
    money = list(Hold.objects.order_by("pk").values()), Transfer.objects.count()
    moving.move(second.pk, "high", **WHY)
    assert (list(Hold.objects.order_by("pk").values()), Transfer.objects.count()) == money
    second.refresh_from_db()
    assert (second.priority, second.state) == (0, "pending")
    counts = {share.priority: (share.waiting, share.waiting_pictures, share.cap) for share in Share.objects.all()}  # fmt: skip
    assert counts == {5: (1, 1, 1), 0: (1, 1, 1)}
    event = Event.objects.get(task=second, kind="moved")
    assert event.data == {"to": "high", "actor": "carol", "reason": WHY["reason"]}
    assert served() == [second, first]
    assert find_mistakes() == []


def test_plan_bounds_the_priority(alice: APIClient, shop: Platform, stub: Account) -> None:
    task = submit(alice)
    shop.plan = Plan.objects.create(code="small", name="Small", highest_priority="normal")
    shop.save()
    with pytest.raises(PriorityTooHigh) as caught:
        moving.move(task.pk, "high", **WHY)
    assert caught.value.params == {"priority": "high", "highest": "normal"}
    moving.move(task.pk, "low", **WHY)
    assert claim().task_id == task.pk


def test_what_runs_or_has_ended_is_not_moved(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    claim()
    before = list(Attempt.objects.values())
    for word in moving.WORDS:
        with pytest.raises(NotWaiting):
            moving.move(task.pk, word, **WHY)
    assert list(Attempt.objects.values()) == before
    assert not Event.objects.filter(kind="moved").exists()


def test_chosen_orders_are_moved_from_the_page(
    alice: APIClient, stub: Account, admin_client: Client
) -> None:
    running, *waiting = (submit(alice) for _ in range(4))
    assert claim().task_id == running.pk
    page = reverse("admin:generation_queue_changelist")
    assert admin_client.get(page).content.decode().count('name="task"') == 3
    chosen = [running, waiting[2], waiting[1]]
    move = f"{reverse('admin:generation_queue_move')}?" + "&".join(f"task={one.pk.hex}" for one in chosen)  # fmt: skip
    assert admin_client.post(move, {"to": "first", "reason": "short"}).status_code == 200
    answer = admin_client.post(move, {"to": "first", "reason": WHY["reason"]}, follow=True)
    html = answer.content.decode()
    assert "2 orders were moved." in html
    assert "This order does not wait any more" in html
    assert served() == [waiting[2], waiting[1], waiting[0]]
    assert admin_client.get(reverse("admin:generation_queue_move")).status_code == 302
