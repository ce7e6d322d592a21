"""Staff gives a key limits and a new secret in a real browser."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from genhub.platforms.models import ApiKey, Platform
from tests.browser.tour import shoot, tour


def test_a_key_is_limited_and_given_a_new_secret(
    signed_in: Page, site: str, shop: Platform, complaints: list[Any]
) -> None:
    networks = ["203.0.113.0/24", "2001:db8::/32"]
    row, _ = ApiKey.objects.issue(shop, name="mobile app", networks=networks, reads_per_minute=600)
    page = signed_in
    own = f"platforms/apikey/{row.pk}"
    places = {"key": f"{own}/change/", "key-rotate": f"{own}/rotate"}
    assert set(tour(page, site, places)) == set(places)
    expect(page.locator("body")).to_contain_text("旧密钥")
    page.fill("#id_hours", "3")
    page.click("button[type=submit]:has-text('更换')")
    expect(page.locator("#new-key")).to_have_value(re.compile(r"^gh_\S{8}\.\S{40}$"))
    shoot(page, "key-shown-zh-hans-390")
    assert complaints == []
