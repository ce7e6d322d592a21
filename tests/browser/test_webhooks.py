"""Staff makes a webhook endpoint in a real browser, is shown its secret, and reads what was sent."""

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from genhub.platforms.models import Platform
from genhub.webhooks.models import Delivery
from tests.webhooks.made import URL, make_ids


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


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
    for language in ("en", "zh-hans"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            for name, place in places.items():
                page.goto(f"{site}/admin/{place}")
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (name, language)
                shoot(page, f"{name}-{language}-{width}")
    expect(page.locator("body")).to_contain_text("重发")
    assert complaints == []
