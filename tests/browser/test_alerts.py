"""Alerts in a real browser, in both languages, on a desk and on a phone."""

from django.utils import timezone
from playwright.sync_api import Page, expect

from genhub.alerts.models import Alert, Notice
from tests.alerts.conftest import Kind, begin, end, mailbox
from tests.alerts.mailbox import Mailbox
from tests.browser.tour import tour

__all__ = ["mailbox"]


def test_alerts_are_seen_and_lead_to_what_to_do(
    signed_in: Page, site: str, mailbox: Mailbox, complaints: list[str]
) -> None:
    page = signed_in
    begin(Kind.MODEL_BROKEN, "z-image-turbo")
    end()
    alert = begin(Kind.WORKER_GONE, "local")
    Notice.objects.filter(alert=alert).update(tries=2, last_error="the mail server answered 451")
    facts = {"mib": 812, "folder": "/srv/genhub"}
    # Beside the other, which a look that finds this alone would end.
    Alert.objects.create(
        kind=Kind.DISK_LOW, about="north.example.com", began_at=timezone.now(), facts=facts
    )
    page.goto(f"{site}/admin/")
    page.locator("#alerts").get_by_text("Queue local has no worker").click()
    expect(page.locator("body")).to_contain_text("read its log")
    expect(page.locator("body")).to_contain_text("answered 451")
    places = {
        "alerts-home": "",
        "alerts-list": "alerts/alert/",
        "alerts-row": f"alerts/alert/{alert.pk}/change/",
    }
    words = {"en": "has no worker", "zh": "没有工作进程"}
    for _ in tour(page, site, places):
        text = page.locator("body").inner_text()
        assert any(word in text for word in words.values())
    assert complaints == []
