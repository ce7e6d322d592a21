"""Desks by keyboard alone: row to row, open, decide after a question, and back; typing decides nothing."""

from typing import Any

from playwright.sync_api import Page, expect
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, RefundRequest
from generation.refunds.one import request_refund
from generation.work.run import run_queue
from genhub.lib.ids import from_wire, new_id
from genhub.users.models import User
from tests.browser.tour import shoot, tour

DESK = "generation/refundrequest/"


def ask_two(alice: APIClient, settings: Settings) -> list[Any]:
    settings.REFUND_APPROVAL_ABOVE = 0
    person = User.objects.create_superuser("erin")
    for number in range(2):
        body = {"prompt": f"{number} stars"}
        made = alice.post("/api/v1/generate", body, format="json").json()
        run_queue("local")
        request_refund(
            from_wire("task", made["id"]), 4, request_id=new_id(), person=person, reason="A grey picture."
        )  # fmt: skip
    return list(RefundRequest.objects.order_by("created_at", "id"))


def test_refunds_are_decided_without_a_mouse(
    signed_in: Page,
    site: str,
    alice: APIClient,
    stub: Account,
    settings: Settings,
    complaints: list[str],
) -> None:
    page, (first, second) = signed_in, ask_two(alice, settings)
    assert len(list(tour(page, site, {"refund-desk": DESK}))) == 4
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{DESK}")
    for key in ("j", "j", "k", "j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(f"**/{DESK}{second.pk}/change/**")
    page.keyboard.press("u")
    page.wait_for_url(f"{site}/admin/{DESK}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{DESK}{first.pk}/change/**")
    page.keyboard.press("r")
    page.wait_for_url(f"**/{DESK}{first.pk}/reject**")
    page.fill("#id_reason", "")
    page.focus("#id_reason")
    # Letters of a reason are no commands.
    page.keyboard.type("a jar of rare juice, as asked")
    shoot(page, "refund-desk-reason")
    page.click("button:has-text('Reject')")
    expect(page.get_by_text("Nothing was moved")).to_be_visible()
    assert RefundRequest.objects.get(pk=first.pk).state == "rejected"
    assert complaints == []
