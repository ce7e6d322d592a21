"""A customer's page in a real browser, in both languages, on a desk and on a phone."""

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Budget
from generation.models import Account, Output
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from tests.browser.tour import tour

REASON = "The user sells our pictures as their own."
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


def test_customer_is_stopped_and_a_picture_refunded_and_taken_down(
    signed_in: Page, site: str, alice: APIClient, shop: Platform, stub: Account, complaints: list[str]
) -> None:  # fmt: skip
    words = {"prompt": HOSTILE, "seed": 7, "num_images": 3}
    task = alice.post("/api/v1/generate", words, format="json").json()["id"].removeprefix("task_")
    run_queue("local")
    alice.post("/api/v1/generate", {"prompt": "a star", "seed": 9}, format="json")
    page, first = signed_in, Output.objects.filter(task=task).order_by("position")[0]
    query = WHO.partition("?")[2]
    places = {
        "stop": f"generation/task/customers/stop/?{query}",
        "refund": f"generation/task/{task}/refund/",
        "take-down": f"generation/task/take-down/{first.artifact_id}/",
    }
    assert len(list(tour(page, site, places))) == 12
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})

    page.goto(f"{site}/admin/{places['refund']}")
    page.check("#ticks input >> nth=1")
    page.check("#ticks input >> nth=2")
    expect(page.locator("#id_amount")).to_have_value("20")
    expect(page.locator("input[name=how][value=pictures]")).to_be_checked()
    page.select_option("#id_ready", "broken")
    page.click("button:has-text('Refund')")
    expect(page.locator("#refunded")).to_have_text("20")
    expect(page.locator("#available")).to_have_text("80")

    page.click("a:has-text('Take down') >> nth=0")
    page.fill("#id_reason", REASON)
    page.check("#id_refunds")
    page.click("button:has-text('Take it down for good')")
    expect(page.locator("text=The picture was taken down;").first).to_be_visible()
    expect(page.locator("#available")).to_have_text("90")
    expect(page.locator("a[data-picture]")).to_have_count(2)

    page.click("dd a:has-text('alice @')")
    page.click("a:has-text('Stop this user')")
    page.check("input[name=cancels][value=all]")
    page.fill("#id_reason", REASON)
    page.click("button:has-text('Stop this user')")
    expect(page.locator("text=Orders canceled: 1.")).to_be_visible()
    page.click("a:has-text('Allow this user again')")
    page.fill("#id_reason", "They told us that they are sorry.")
    page.click("button:has-text('Allow this user again')")
    expect(page.locator("text=alice may order again.")).to_be_visible()
    places = {
        "customer-after": WHO, "stops": "credits/stop/", "take-downs": "storage/takedown/",
        "task-after": f"generation/task/{task}/change/",
    }  # fmt: skip
    assert len(list(tour(page, site, places))) == 16
    assert complaints == []
