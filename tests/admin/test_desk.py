"""The desk: what is in doubt and what came too late, its age and its price; and the first page's word of it."""

import logging

import pytest
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from generation.admin.filters import LAST_DAY
from generation.life import late, rescue, sending, waiting
from generation.life.claims import claim_of
from generation.life.outputs import Stored
from generation.models import Account, Attempt, Event, Task, find_card
from generation.selectors.desk import list_booked, view_desk
from generation.work.run import run_queue
from tests.admin.conftest import Hire
from tests.steps import claim, collect, submit

pytestmark = pytest.mark.django_db
LIST = "/admin/generation/deskentry/"
RIGHTS = ("generation.view_deskentry", "generation.view_task", "generation.decide_unknown")


@pytest.fixture(autouse=True)
def _price(stub: Account) -> None:
    stub.offers.update(usd_per_picture="0.25")


def lose(alice: APIClient, **words: object) -> Task:
    task = submit(alice, "a zq-prompt stub:lost", **words)
    assert [entry["ended"] for entry in run_queue("local")] == ["unknown"]
    return task


def give_up(task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(deadline_at="2000-01-01T00:00:00Z")
    assert rescue.end_late() == 1


def test_desk_lists_doubts_oldest_first_with_what_they_may_cost(
    hire: Hire, alice: APIClient
) -> None:
    first, second = lose(alice), lose(alice, num_images=2)
    done = submit(alice)
    run_queue("local")
    shown = hire(*RIGHTS).get(LIST).content.decode()
    assert shown.index(str(first)) < shown.index(str(second))
    assert str(done) not in shown
    for known in ("0.250000 USD", "0.500000 USD", "stub", f"/{first.pk}/decide/"):
        assert known in shown


def test_price_that_is_not_known_is_not_nothing(
    hire: Hire, alice: APIClient, stub: Account
) -> None:
    stub.offers.update(usd_per_picture=None)
    lose(alice)
    assert "not known" in hire(*RIGHTS).get(LIST).content.decode()


def test_settled_order_leaves_the_desk(hire: Hire, alice: APIClient) -> None:
    task = lose(alice)
    waiting.decide_not_taken(Attempt.objects.get().pk, by="fay", reason="looked at their page")
    assert str(task) not in hire(*RIGHTS).get(LIST).content.decode()


def test_deadline_tells_staff_what_is_booked(
    hire: Hire, alice: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    task = lose(alice, num_images=2)
    lose(alice)
    with caplog.at_level(logging.WARNING):
        give_up(task)
    assert "it may cost 0.500000 USD" in caplog.text
    event = Event.objects.get(task=task, kind="failed")
    assert event.data == {"code": "deadline_exceeded", "exposure_usd": "0.500000"}
    found = view_desk(LAST_DAY)
    assert {name: float(value) for name, value in found.items()} == {
        "count": 1, "usd": 0.25, "ended": 1, "ended_usd": 0.5, "late": 0,
    }  # fmt: skip
    front = hire(*RIGHTS).get("/admin/").content.decode()
    card = front[front.index('id="desk"') :]
    assert "0.25 USD" in card
    assert "1 · 0.50 USD" in card


def test_what_is_booked_is_found_without_reading_the_events_of_a_day(alice: APIClient) -> None:
    give_up(lose(alice))
    booked = list_booked(LAST_DAY)
    assert [event.kind for event in booked] == ["failed"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "event_exposed" in booked.explain()


def come_late(alice: APIClient) -> Task:
    """Let an order's picture come after its deadline."""
    task = submit(alice, "a star")
    sent = claim()
    sending.note_sending(sent)
    stored = collect(sent)
    give_up(task)
    assert late.keep(sent, stored)
    return task


def test_late_picture_lies_on_the_desk_and_on_its_tasks_page(hire: Hire, alice: APIClient) -> None:
    task = come_late(alice)
    staff = hire(*RIGHTS)
    shown = staff.get(LIST).content.decode()
    assert str(task) in shown
    assert "came too late" in shown
    page = staff.get(reverse("admin:generation_task_change", args=[task.pk])).content.decode()
    assert "Came too late: seen by staff alone, paid by nobody" in page
    assert page.count("_thumbnail") == 1


def test_late_picture_is_kept_once(alice: APIClient) -> None:
    come_late(alice)
    attempt = Attempt.objects.select_related("task", "account", "share", "key").get()
    again = claim_of(attempt, find_card)
    assert late.keep(again, Stored([])) is False


def test_page_of_an_entry_leads_to_the_decision(hire: Hire, alice: APIClient) -> None:
    task = lose(alice)
    shown = hire(*RIGHTS).get(f"{LIST}{Attempt.objects.get().pk}/change/").content.decode()
    assert reverse("admin:generation_task_decide", args=[task.pk]) in shown
    assert "0.250000 USD" in shown


def test_desk_alone_shows_neither_user_nor_prompt(hire: Hire, alice: APIClient) -> None:
    lose(alice)
    shown = hire("generation.view_deskentry").get(LIST).content.decode()
    assert "zq-prompt" not in shown
    assert "alice" not in shown


def test_others_do_not_see_the_desk(hire: Hire, alice: APIClient) -> None:
    staff = hire("generation.view_task")
    assert staff.get(LIST).status_code == 403
    assert 'id="desk"' not in staff.get("/admin/").content.decode()


def test_menu_counts_what_waits(hire: Hire, alice: APIClient) -> None:
    lose(alice)
    staff = hire("generation.view_deskentry")
    assert "Orders in doubt" in staff.get("/admin/").content.decode()
