"""Refunds of single pictures: exact to the credit, each picture once, the flow of large refunds as ever."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Kind, Transfer
from generation.models import Output, RefundRequest, RefundState, Task
from generation.refunds.errors import PictureRefunded
from generation.refunds.one import Part, approve_refund, reject_refund, request_refund
from generation.refunds.pictures import share_out
from genhub.lib.errors import SeenChanged
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from genhub.users.models import User
from tests.admin.conftest import boss, finished, hire
from tests.books import find_mistakes

__all__ = ["boss", "finished", "hire"]
pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The picture shows a circle, not a star."
ENOUGH_CHARACTERS = 10


def ask(client: Client, task: Task, ticks: tuple[int, ...] = (), **words: Any) -> Any:
    page = reverse("admin:generation_task_refund", args=[task.pk])
    form = client.get(page).context["question"].form
    kept = {name: form[name].value() for name in ("once", "seen")} if form else {"once": new_id()}
    return client.post(page, {"reason": REASON, "tick": list(ticks)} | kept | words)


def balance(client: APIClient) -> int:
    return int(client.get("/api/v1/credits").json()["available"])


def test_ticked_pictures_are_paid_back_exactly_and_once(
    boss: Client, alice: APIClient, finished: Callable[..., Task]
) -> None:
    task = finished(num_images=4)
    assert balance(alice) == 60
    page = boss.get(reverse("admin:generation_task_refund", args=[task.pk])).content.decode()
    assert page.count('data-credits="10"') == 4
    assert page.count("/files/") >= 4
    assert ask(boss, task, (1, 3), how="pictures", amount=1).status_code == 302
    assert balance(alice) == 80
    row = RefundRequest.objects.get()
    assert (row.amount, row.positions, row.state) == (20, [1, 3], RefundState.DONE)
    images = alice.get(f"/api/v1/tasks/{task}/result").json()["images"]
    assert [image["refunded"] for image in images] == [0, 10, 0, 10]
    again = ask(boss, task, (0, 3), how="pictures")
    assert again.status_code == 200
    assert "Picture 4 was refunded before" in again.content.decode()
    page = boss.get(reverse("admin:generation_task_refund", args=[task.pk])).content.decode()
    assert page.count("disabled>") == 2
    assert ask(boss, task, (0, 2), how="pictures").status_code == 302
    assert balance(alice) == 100
    assert find_mistakes() == []


@pytest.mark.parametrize(
    ("words", "amount"),
    [({"how": "half"}, 15), ({"how": "all"}, 30), ({"how": "pictures", "tick": ["1"]}, 10)],
)
def test_a_second_click_on_the_same_form_pays_nothing_more(
    boss: Client, finished: Callable[..., Task], words: dict[str, Any], amount: int
) -> None:
    task = finished(num_images=3)
    once = new_id()
    for answer in (
        first := ask(boss, task, once=once, **words),
        ask(boss, task, once=once, **words),
    ):
        assert answer.status_code == 302, answer.content
    assert [row.amount for row in RefundRequest.objects.all()] == [amount]
    assert "This refund was made before" in boss.get(first["Location"]).content.decode()
    assert find_mistakes() == []


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ({"how": "half"}, 15), ({"how": "all"}, 30), ({"how": "sum", "amount": 7}, 7), ({"amount": 7}, 7),
        ({"how": "pictures"}, 0), ({"how": "sum", "amount": ""}, 0), ({"how": "sum", "amount": 31}, 0),
        ({"how": "none"}, 0), ({"how": "pictures", "tick": ["9"]}, 0), ({"how": "pictures", "tick": ["-1", "x"]}, 0),
        ({"how": "all", "reason": ""}, 0), ({"how": "all", "reason": "short"}, 0),
    ],
)  # fmt: skip
def test_half_all_or_a_sum_moves_just_that(
    boss: Client, alice: APIClient, finished: Callable[..., Task], words: dict[str, Any], amount: int
) -> None:  # fmt: skip
    task = finished(num_images=3)
    answer = ask(boss, task, **words)
    assert answer.status_code == (302 if amount else 200)
    assert balance(alice) == 70 + amount
    assert find_mistakes() == []


def test_ready_reason_is_written_in_the_platforms_language(
    boss: Client, shop: Platform, finished: Callable[..., Task]
) -> None:
    task = finished(num_images=2)
    Platform.objects.update(language="zh-hans")
    assert ask(boss, task, (0,), how="pictures", ready="broken", reason="").status_code == 302
    assert ask(boss, task, (1,), how="pictures", ready="other").status_code == 302
    first, second = Transfer.objects.filter(kind=Kind.REFUND).order_by("pk")
    assert first.reason == "图片损坏或严重变形，予以退款。"
    assert len(first.reason) >= ENOUGH_CHARACTERS
    assert second.reason.endswith(REASON)
    assert second.reason != REASON


def test_large_refund_waits_and_keeps_its_pictures_meanwhile(
    boss: Client, alice: APIClient, finished: Callable[..., Task], settings: Settings
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 5
    task = finished(num_images=2)
    assert ask(boss, task, (0,), how="pictures").status_code == 302
    row = RefundRequest.objects.get()
    assert (row.state, balance(alice)) == (RefundState.PENDING, 80)
    assert Output.objects.filter(refunded__gt=0).count() == 0
    assert "for picture 1" in boss.get(reverse("admin:generation_refundrequest_change", args=[row.pk])).content.decode()  # fmt: skip
    assert "waits for approval already" in ask(boss, task, (0,), how="pictures").content.decode()
    erin = User.objects.create_superuser("erin")
    reject_refund(row.pk, person=erin, reason=REASON)
    assert ask(boss, task, (0,), how="pictures").status_code == 302
    again = RefundRequest.objects.get(state=RefundState.PENDING)
    approve_refund(again.pk, person=erin, reason=REASON)
    assert balance(alice) == 90
    assert Output.objects.get(position=0).refunded == 10
    assert find_mistakes() == []


def test_service_refuses_what_no_page_would_send(
    boss: Client, alice: APIClient, finished: Callable[..., Task]
) -> None:
    task, carol = finished(num_images=2), User.objects.get()

    def request(amount: int, *positions: int) -> Any:
        words: dict[str, Any] = {"person": carol, "reason": REASON, "request_id": new_id()}
        return request_refund(task.pk, Part(amount, positions), **words)

    for amount, positions, problem in (
        (5, (0,), SeenChanged),
        (10, (7,), PictureRefunded),
        (20, (0,), SeenChanged),
    ):
        with pytest.raises(problem):
            request(amount, *positions)
    request(10, 0, 0)
    with pytest.raises(PictureRefunded):
        request(20, 0, 1)
    assert balance(alice) == 90
    assert find_mistakes() == []


def test_shares_add_up_to_what_was_captured(finished: Callable[..., Task]) -> None:
    task = finished(num_images=3)
    for captured in (0, 1, 29, 30, 31, 10**12 + 1):
        shares = share_out(task, captured)
        assert sum(shares.values()) == captured
        assert max(shares.values()) - min(shares.values()) <= 1
    # A picture that was not delivered cost nothing.
    other = finished(prompt="stub:refuse=1", num_images=3)
    assert len(share_out(other, 20)) == 2
    assert set(share_out(other, 20).values()) == {10}
