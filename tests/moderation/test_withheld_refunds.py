"""Staff withhold what was delivered and pay it back in one answer: both happen, or neither."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Finding, RefundRequest
from generation.moderation import review
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from tests.approval.made import desk as staff
from tests.easel import Easel
from tests.moderation.test_desk import decide, page, read
from tests.moderation.test_pictures import BAD, SAFE, order
from tests.providers.vendors.server import Server

WHY = "It shows what it must not show."
RIGHTS = ("decide_findings", "refund_credits")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]


@pytest.fixture
def task(alice: APIClient, shop: Platform, easel: Easel, server: Server, service: Any) -> Any:
    """An order of two pictures, the second of which was flagged, delivered and paid."""
    service(checks_prompts=False, checks_pictures=True)
    server.respond = lambda asked: SAFE
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    server.faults = [SAFE, BAD]
    return order(alice, num_images=2)


def ask(client: Client, row: Finding) -> Any:
    return client.get(page("finding_repay", row.pk))


def answer(client: Client, row: Finding, **words: Any) -> Any:
    row.refresh_from_db()
    said = {"reason": WHY, "seen": review.mark_of(row), "once": str(new_id())}
    return client.post(page("finding_repay", row.pk), said | words)


def offered(client: Client, row: Finding) -> bool:
    address = page("finding_change", row.pk)
    return page("finding_repay", row.pk) in client.get(address).content.decode()


def test_picture_is_withheld_and_paid_back_with_its_own_share(alice: APIClient, task: Any) -> None:
    row, dora = Finding.objects.get(), staff("dora", *RIGHTS)
    assert offered(dora, row)
    shown = ask(dora, row)
    assert shown.context["question"].facts["Credits that go back"] == 10
    once = str(new_id())
    done = answer(dora, row, once=once)
    assert done.status_code == 302
    now = read(alice, task)
    assert now["result"]["count"] == 1
    assert (now["credits"]["captured"], now["credits"]["refunded"]) == (20, 10)
    refund = RefundRequest.objects.get()
    assert (str(refund.pk), refund.positions, refund.reason) == (once, [row.position], WHY)
    row.refresh_from_db()
    assert (row.state, row.reason) == (Finding.State.KEPT, WHY)
    assert WHY in LogEntry.objects.latest("pk").change_message
    assert not offered(dora, row)


def test_it_needs_both_rights_and_a_reason(alice: APIClient, task: Any) -> None:
    row = Finding.objects.get()
    for right in RIGHTS:
        one = staff(f"of-{right}", right, "view_finding")
        assert not offered(one, row)
        assert answer(one, row).status_code == 403
    assert answer(staff("dora", *RIGHTS), row, reason="short").status_code == 200
    assert not RefundRequest.objects.exists()
    assert read(alice, task)["result"]["count"] == 2


def test_what_was_decided_or_paid_back_before_is_refused(alice: APIClient, task: Any) -> None:
    row, dora = Finding.objects.get(), staff("dora", *RIGHTS)
    stale = review.mark_of(row)
    decide(dora, row, "withhold")
    assert "decided" in answer(dora, row).content.decode()
    decide(dora, row, "release")
    assert answer(dora, row, seen=stale).status_code == 200
    assert not RefundRequest.objects.exists()
    assert answer(dora, row).status_code == 302
    decide(dora, row, "release")
    # Withheld once more, but it was paid back already.
    again = answer(dora, row)
    assert "There is nothing to refund" in again.content.decode()
    row.refresh_from_db()
    assert row.state == Finding.State.RELEASED, "half of it was done"
    assert RefundRequest.objects.count() == 1


def test_above_the_limit_it_waits_for_a_second_person(
    alice: APIClient, task: Any, settings: Settings
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 5
    row, dora = Finding.objects.get(), staff("dora", *RIGHTS)
    followed = dora.get(answer(dora, row).url).content.decode()
    assert "wait for a second person" in followed
    now = read(alice, task)
    assert (now["result"]["count"], now["credits"]["refunded"]) == (1, 0)


def test_a_flagged_prompt_pays_back_all_that_is_left(
    alice: APIClient, task: Any, shop: Platform
) -> None:
    of_picture, dora = Finding.objects.get(), staff("dora", *RIGHTS)
    of_prompt = Finding.objects.create(
        platform=shop, user="alice", task_id=of_picture.task_id, field="prompt", source="term",
        labels=["other"], outcome="flagged",
    )  # fmt: skip
    answer(dora, of_picture)
    assert answer(dora, of_prompt).status_code == 302
    now = read(alice, task)
    assert (now["result"]["count"], now["credits"]["refunded"]) == (0, 20)


def test_blocked_pictures_were_never_paid(
    alice: APIClient, easel: Easel, server: Server, service: Any
) -> None:
    service(checks_prompts=False, checks_pictures=True)
    server.respond = lambda asked: SAFE
    server.faults = [BAD]
    order(alice, num_images=1)
    row, dora = Finding.objects.get(), staff("dora", *RIGHTS)
    assert not offered(dora, row)
    assert ask(dora, row).context["question"].form is None
    assert "There is nothing to refund" in answer(dora, row).content.decode()
    row.refresh_from_db()
    assert row.state == Finding.State.OPEN


def test_pages_of_the_desk_read_little(alice: APIClient, task: Any) -> None:
    row, dora = Finding.objects.get(), staff("dora", *RIGHTS)
    for address in (
        page("finding_change", row.pk), page("finding_repay", row.pk), reverse("admin:generation_finding_changelist")
    ):  # fmt: skip
        dora.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert dora.get(address).status_code == 200
        assert len(asked) <= 20, [one["sql"] for one in asked.captured_queries]
    assert "data-desk" in dora.get(page("finding_changelist")).content.decode()
