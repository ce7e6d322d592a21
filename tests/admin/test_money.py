"""Refunds and grants from the admin: a right, an amount, a reason, and once for each form."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from credits.audit import CHECKS, find_broken
from credits.models import Kind, Lot, Purse, Transfer
from generation.audit import AUDIT_CHECKS
from generation.models import Event, Task
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from tests.admin.conftest import Hire

REASON = "The star came out as a circle."
Finished = Callable[..., Task]


def refund_page(task: Task) -> str:
    return reverse("admin:generation_task_refund", args=[task.pk])


def grant_page(purse: Purse) -> str:
    return reverse("admin:credits_purse_grant", args=[purse.pk])


def form_of(client: Client, address: str) -> dict[str, Any]:
    """Open a page and return what its form would post, with a reason filled in."""
    page: Any = client.get(address)
    form = page.context_data["question"].form
    return {
        "amount": form["amount"].value() or 5,
        "reason": REASON,
        "once": str(form["once"].value()),
    }


def available(user: str = "alice") -> int:
    return Purse.objects.get(user=user).available


def refunds() -> list[int]:
    return list(Transfer.objects.filter(kind=Kind.REFUND).values_list("amount", flat=True))


@pytest.mark.django_db
def test_refund_moves_credits_and_says_so(hire: Hire, finished: Finished) -> None:
    task = finished()
    client = hire("generation.view_task", "credits.refund_credits", "credits.view_purse")
    assert available() == 90
    answer = client.post(refund_page(task), form_of(client, refund_page(task)), follow=True)
    assert "10 credits refunded to alice. Available: 90 before, 100 now." in answer.content.decode()
    assert available() == 100
    move = Transfer.objects.get(kind=Kind.REFUND)
    assert (move.actor, move.reason) == ("dave", REASON)
    event = Event.objects.get(kind=Event.Kind.REFUNDED)
    assert (event.task_id, event.data) == (task.pk, {"amount": 10, "actor": "dave"})
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []


@pytest.mark.django_db
def test_the_same_form_refunds_once(boss: Client, finished: Finished) -> None:
    task = finished()
    form = form_of(boss, refund_page(task))
    boss.post(refund_page(task), form)
    answer = boss.post(refund_page(task), form, follow=True)
    assert "nothing more was moved" in answer.content.decode()
    assert refunds() == [10]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_refunds_once(boss: Client, finished: Finished) -> None:
    task = finished(num_images=4)
    form = form_of(boss, refund_page(task)) | {"amount": 15}

    def click(_number: int) -> int:
        try:
            return boss.post(refund_page(task), form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(click, range(4))) == [302] * 4
    assert refunds() == [15]
    assert Event.objects.filter(kind=Event.Kind.REFUNDED).count() == 1
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []


@pytest.mark.django_db
def test_the_same_form_with_another_amount_is_refused(boss: Client, finished: Finished) -> None:
    task = finished()
    form = form_of(boss, refund_page(task)) | {"amount": 3}
    boss.post(refund_page(task), form)
    answer = boss.post(refund_page(task), form | {"amount": 4})
    assert "This was done before, differently" in answer.content.decode()
    assert refunds() == [3]
    # The page that refuses carries a fresh key, so that the person is not stuck.
    fresh = str(answer.context["question"].form["once"].value())
    assert fresh != form["once"]
    boss.post(refund_page(task), form | {"amount": 4, "once": fresh})
    assert refunds() == [4, 3]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "11"},
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "1.5"},
        {"amount": "ten"},
        {"amount": "1e1"},
        {"amount": "9" * 5000},
        {"amount": ""},
        {"reason": "too short"},
        {"reason": " " * 50},
        {"reason": "x" + " " * 50},
        {"reason": "x" * 501},
        {"reason": "a reason with \0 in it"},
        {"once": ""},
        {"once": "again"},
    ],
)
@pytest.mark.usefixtures("unwritten")
def test_wrong_refunds_move_nothing(
    boss: Client, finished: Finished, wrong: dict[str, str]
) -> None:
    task = finished()
    answer: Any = boss.post(refund_page(task), form_of(boss, refund_page(task)) | wrong)
    assert answer.status_code == 200
    assert answer.context_data["question"].form.errors.keys() == wrong.keys()
    assert refunds() == []
    assert available() == 90


@pytest.mark.django_db
def test_more_than_is_left_is_refused_in_words(boss: Client, finished: Finished) -> None:
    task = finished()
    boss.post(refund_page(task), form_of(boss, refund_page(task)) | {"amount": 7})
    answer = boss.post(refund_page(task), form_of(boss, refund_page(task)) | {"amount": 4})
    assert "The refund is too large" in answer.content.decode()
    assert refunds() == [7]


@pytest.mark.django_db
@pytest.mark.parametrize("prompt", ["stub:fail", "a star"])
def test_nothing_left_offers_no_form(boss: Client, finished: Finished, prompt: str) -> None:
    task = finished(prompt=prompt)
    form = {"amount": 10, "reason": REASON, "once": str(new_id())}
    if prompt == "a star":
        boss.post(refund_page(task), form)
    answer = boss.get(refund_page(task))
    assert "There is nothing to refund" in answer.content.decode()
    assert answer.context["question"].form is None
    boss.post(refund_page(task), form | {"amount": 1, "once": str(new_id())})
    assert sum(refunds()) == (10 if prompt == "a star" else 0)
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "rights",
    [
        (),
        ("generation.view_task",),
        ("generation.view_task", "credits.grant_credits"),
        ("credits.refund_credits",),
    ],
)
def test_no_right_no_refund(
    hire: Hire, boss: Client, finished: Finished, rights: tuple[str, ...]
) -> None:
    task = finished()
    form = form_of(boss, refund_page(task))
    client = hire(*rights)
    assert client.get(refund_page(task)).status_code == 403
    assert client.post(refund_page(task), form).status_code == 403
    assert refunds() == []


@pytest.mark.django_db
def test_refund_needs_a_login_and_the_csrf_token(boss: Client, finished: Finished) -> None:
    task = finished()
    form = form_of(boss, refund_page(task))
    assert Client().post(refund_page(task), form)["Location"].startswith("/admin/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = boss.cookies
    assert strict.post(refund_page(task), form).status_code == 403
    assert boss.get(refund_page(task), form).status_code == 200
    assert refunds() == []


@pytest.mark.django_db
def test_unknown_rows_are_not_found(boss: Client, finished: Finished) -> None:
    finished()
    for name in ("generation_task_refund", "credits_purse_grant"):
        for key in (new_id(), "nonsense"):
            assert boss.get(reverse(f"admin:{name}", args=[key])).status_code == 404


@pytest.mark.django_db
def test_grant_moves_credits_once(hire: Hire, rich: Callable[..., Purse]) -> None:
    purse = rich("bob", 100)
    client = hire("credits.view_purse", "credits.grant_credits")
    form = form_of(client, grant_page(purse)) | {"amount": 50}
    answer = client.post(grant_page(purse), form, follow=True)
    assert "50 credits granted. Available: 100 before, 150 now." in answer.content.decode()
    assert REASON in answer.content.decode()
    again = client.post(grant_page(purse), form, follow=True)
    assert "nothing more was moved" in again.content.decode()
    assert available("bob") == 150
    assert find_broken(CHECKS) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "because"},
        {"amount": "-5"},
        {"amount": str(10**12 + 1)},
        {"amount": str(2**63)},
        {"amount": "NaN"},
        {"last_day": "soon"},
        {"last_day": "2026-02-30"},
        {"last_day": "9999-12-31"},
        {"last_day": "2020-01-01"},
    ],
)
@pytest.mark.usefixtures("unwritten")
def test_wrong_grants_move_nothing(
    boss: Client, rich: Callable[..., Purse], wrong: dict[str, str]
) -> None:
    purse = rich("bob", 100)
    answer: Any = boss.post(grant_page(purse), form_of(boss, grant_page(purse)) | wrong)
    assert answer.context_data["question"].form.errors.keys() == wrong.keys()
    assert available("bob") == 100


@pytest.mark.django_db
def test_purse_whose_owner_was_forgotten_takes_no_credits(
    boss: Client, rich: Callable[..., Purse]
) -> None:
    purse = rich("bob", 100)
    form = form_of(boss, grant_page(purse)) | {"amount": 50}
    Purse.objects.filter(pk=purse.pk).update(erased_at=purse.created_at)
    answer = boss.post(grant_page(purse), form)
    assert "data has just been deleted" in answer.content.decode()
    purse.refresh_from_db()
    assert purse.available == 100


@pytest.mark.django_db
def test_a_grant_with_a_last_day_ends_with_it_where_the_platform_is(
    boss: Client, rich: Callable[..., Purse], shop: Platform
) -> None:
    Platform.objects.filter(pk=shop.pk).update(time_zone="Asia/Shanghai")
    purse = rich("bob", 100)
    assert "Asia/Shanghai" in boss.get(grant_page(purse)).content.decode()
    form = form_of(boss, grant_page(purse)) | {"amount": 50, "last_day": "2999-12-31"}
    html = boss.post(grant_page(purse), form, follow=True).content.decode()
    assert "50 credits granted until the end of 2999-12-31 (Asia/Shanghai)." in html
    assert "Available: 100 before, 150 now." in html
    lot = Lot.objects.get()
    assert (lot.amount, lot.remaining) == (50, 50)
    assert lot.expires_at == datetime(2999, 12, 31, 16, tzinfo=UTC)
    history = boss.get(reverse("admin:credits_purse_history", args=[purse.pk])).content.decode()
    assert "until the end of 2999-12-31" in history
    boss.post(grant_page(purse), form)
    assert available("bob") == 150
    assert find_broken(CHECKS) == []


@pytest.mark.django_db
def test_a_day_that_is_over_is_refused_and_the_form_stays_usable(
    boss: Client, rich: Callable[..., Purse]
) -> None:
    purse = rich("bob", 100)
    form = form_of(boss, grant_page(purse)) | {"last_day": "2020-01-01"}
    question = boss.post(grant_page(purse), form).context["question"]
    assert "The expiry is over" in question.form.errors["last_day"][0]
    again = form | {"last_day": "", "once": str(question.form["once"].value())}
    assert boss.post(grant_page(purse), again).status_code == 302
    assert (available("bob"), Lot.objects.count()) == (105, 0)


@pytest.mark.django_db
def test_no_right_no_grant(hire: Hire, rich: Callable[..., Purse]) -> None:
    purse = rich("bob", 100)
    client = hire("credits.view_purse", "credits.refund_credits", "credits.change_purse")
    form = {"amount": 5, "reason": REASON, "once": str(new_id())}
    assert client.post(grant_page(purse), form).status_code == 403
    assert client.get(reverse("admin:credits_purse_open_purse")).status_code == 403
    assert (
        "/grant/"
        not in client.get(reverse("admin:credits_purse_change", args=[purse.pk])).content.decode()
    )
    assert available("bob") == 100


@pytest.mark.django_db
def test_a_purse_is_opened_for_a_new_user_once(boss: Client, shop: Any) -> None:
    address = reverse("admin:credits_purse_open_purse")
    for _ in range(2):
        answer = boss.post(address, {"platform": shop.pk, "user": "nora"})
        assert answer["Location"] == reverse(
            "admin:credits_purse_change", args=[Purse.objects.get().pk]
        )
    assert boss.post(address, {"platform": shop.pk, "user": " "}).status_code == 200
    assert boss.post(address, {"platform": new_id(), "user": "nora"}).status_code == 200
    assert Purse.objects.count() == 1
