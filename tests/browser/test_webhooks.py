"""Staff makes a webhook endpoint in a real browser, is shown its secret, and reads what was sent."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from genhub.platforms.models import Platform
from genhub.webhooks.models import Delivery
from tests.browser.tour import tour
from tests.webhooks.made import URL, make_ids


def test_endpoint_is_made_its_secret_shown_and_its_log_read(
    signed_in: Page, site: str, shop: Platform, complaints: list[Any]
) -> None:
    make_ids(shop)
    answers = [{"at": "2026-11-28T22:00:00Z", "seconds": 0.2, "status": 500, "body": "broken", "error": ""}]  # fmt: skip
    Delivery.objects.update(state="failed", tries=10, answers=answers)
    row = Delivery.objects.get()
    page = signed_in
    page.goto(f"{site}/admin/webhooks/endpoint/add/")
    page.fill("#id_url", f"{URL}/second")
    page.select_option("#id_platform", str(shop.pk), force=True)
    page.click("[name=_save]")
    secret = page.locator("#new-key")
    expect(secret).to_have_value(re.compile(r"^whsec_\S{44}$"))
    page.click("text=I have copied it")
    expect(page.locator("body")).to_contain_text("Newest deliveries")
    places = {
        "endpoints": "webhooks/endpoint/",
        "endpoint": f"webhooks/endpoint/{row.endpoint_id}/change/",
        "deliveries": "webhooks/delivery/",
        "delivery": f"webhooks/delivery/{row.pk}/change/",
        "replay": f"webhooks/delivery/{row.pk}/replay",
    }
    assert set(tour(page, site, places)) == set(places)
    expect(page.locator("body")).to_contain_text("重发")
    assert complaints == []
