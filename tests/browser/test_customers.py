"""A customer's page in a real browser, in both languages, on a desk and on a phone."""

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Budget
from generation.models import Account
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from tests.browser.tour import tour

HOSTILE = "<img src=x onerror=alert(1)>"
WHO = "generation/task/customers/?platform=shop&user=alice"


def test_customer_is_found_and_seen_whole(
    signed_in: Page, site: str, alice: APIClient, shop: Platform, stub: Account, complaints: list[str]
) -> None:  # fmt: skip
    for seed in range(3):
        words = {"prompt": HOSTILE, "seed": seed, "num_images": 2}
        assert alice.post("/api/v1/generate", words, format="json").status_code == 202
    run_queue("local")
    alice.post("/api/v1/generate", {"prompt": HOSTILE, "seed": 9}, format="json")
    Budget.objects.create(purse=ledger.open_purse(shop.pk, "alice"), period="day", most=1000)
    page = signed_in
    page.goto(f"{site}/admin/")
    page.click("#nav-sidebar a:has-text('Find a customer')")
    page.fill("#id_user", "alice")
    page.click("button:has-text('Find')")
    page.wait_for_url(f"{site}/admin/{WHO}")
    expect(page.locator(".hub-pictures img")).to_have_count(6)
    expect(page.locator(f"text={HOSTILE}").first).to_be_visible()
    places = {"customer": WHO, "customers": "generation/task/customers/?user=nobody"}
    assert len(list(tour(page, site, places))) == 8
    assert complaints == []
