"""Staff sees a task's picture in a real browser, refunds it alone or with a second person, and the balance changes."""

from playwright.sync_api import Page, expect
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Kind, Transfer
from generation.models import Account
from generation.refunds.bulk import refund_approved
from generation.work.run import run_queue
from genhub.users.models import User
from tests.books import find_mistakes
from tests.browser.conftest import PASSWORD
from tests.browser.tour import wait_for

LOADED = "images => images.length > 0 && images.every(i => i.complete && i.naturalWidth > 0)"
REASON = "The picture shows a circle, not a star."


def order(client: APIClient, seed: int = 7) -> str:
    answer = client.post("/api/v1/generate", {"prompt": "a star", "seed": seed}, format="json")
    assert run_queue("local") == [{"task": answer.json()["id"], "ended": "completed"}]
    return str(answer.json()["id"])


def test_refund_in_the_admin_changes_the_balance(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    task_id = order(alice)
    page = signed_in
    page.goto(f"{site}/admin/generation/task/")
    wait_for(page, f"({LOADED})([...document.querySelectorAll('#result_list img')])")
    page.click(f"#result_list a:has-text('{task_id}')")

    wait_for(page, f"({LOADED})([...document.querySelectorAll('.hub-pictures img')])")
    expect(page.locator("#available")).to_have_text("90")
    expect(page.locator("#refunded")).to_have_text("0")

    page.click("a[href$='/refund/'] >> visible=true")
    assert page.input_value("#id_amount") == "10"
    page.fill("#id_amount", "4")
    page.fill("#id_reason", REASON)
    page.click("button:has-text('Refund')")

    expect(page.locator("text=Available: 90 before, 94 now.")).to_be_visible()
    expect(page.locator("#available")).to_have_text("94")
    expect(page.locator("#refunded")).to_have_text("4")
    page.click("text=Open the purse")
    expect(page.locator("#available")).to_have_text("94")
    expect(page.locator(f"text={REASON}")).to_be_visible()

    refund = Transfer.objects.get(kind=Kind.REFUND)
    assert (refund.amount, refund.actor, refund.reason) == (4, "carol", REASON)
    assert alice.get("/api/v1/credits").json()["available"] == 94
    assert find_mistakes() == []
    assert complaints == []


def test_a_refund_above_the_limit_needs_a_second_person(
    signed_in: Page,
    site: str,
    alice: APIClient,
    stub: Account,
    settings: Settings,
    complaints: list[str],
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 5
    task_id = order(alice)
    page = signed_in
    page.goto(f"{site}/admin/generation/task/{task_id.removeprefix('task_')}/refund/")
    page.fill("#id_reason", REASON)
    page.click("button:has-text('Refund')")
    expect(page.locator("text=10 credits wait for a second person")).to_be_visible()
    expect(page.locator("text=You asked for this refund yourself")).to_be_visible()
    expect(page.locator("a[href$='/approve/']")).to_have_count(0)
    assert alice.get("/api/v1/credits").json()["available"] == 90

    User.objects.create_superuser("erin", password=PASSWORD)
    page.context.clear_cookies()
    page.goto(f"{site}/admin/")
    page.fill("#id_username", "erin")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    entry = page.locator("#nav-sidebar a[href='/admin/generation/refundrequest/']")
    expect(entry).to_contain_text("1")
    entry.click()
    page.click("#result_list a:has-text('10 credits')")
    wait_for(page, f"({LOADED})([...document.querySelectorAll('.hub-pictures img')])")
    page.click("a[href$='/approve/'] >> visible=true")
    page.fill("#id_reason", "I looked at the picture too.")
    page.click("button:has-text('Approve')")
    expect(page.locator("text=Available: 90 before, 100 now.")).to_be_visible()
    expect(entry).not_to_contain_text("1")

    refund = Transfer.objects.get(kind=Kind.REFUND)
    assert (refund.amount, refund.actor, refund.reason) == (10, "carol", REASON)
    assert alice.get("/api/v1/credits").json()["available"] == 100
    assert find_mistakes() == []
    assert complaints == []


def test_a_bulk_refund_shows_its_progress_by_itself(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    order(alice)
    order(alice, seed=8)
    page = signed_in
    page.goto(f"{site}/admin/generation/task/?q=alice")
    page.click("a[href*='refund_all'] >> visible=true")
    wait_for(page, f"({LOADED})([...document.querySelectorAll('.hub-pictures img')])")
    page.fill("#id_reason", REASON)
    page.click("button:has-text('Refund 20 credits of 2 tasks')")
    expect(page.locator("#progress")).to_have_attribute("aria-valuenow", "0")
    assert refund_approved() == 2
    # Nobody touches the page.
    expect(page.locator("#progress")).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("text=2 of 2 refunds have ended.")).to_be_visible()
    assert alice.get("/api/v1/credits").json()["available"] == 100
    assert find_mistakes() == []
    assert complaints == []
