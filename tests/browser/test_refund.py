"""Staff sees a task's picture in a real browser, refunds it, and sees the balance change."""

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from credits.audit import CHECKS, find_broken
from credits.models import Kind, Transfer
from generation.audit import AUDIT_CHECKS
from generation.models import Provider
from generation.services.run import run_queue

LOADED = "images => images.length > 0 && images.every(i => i.complete && i.naturalWidth > 0)"
REASON = "The picture shows a circle, not a star."


def order(client: APIClient) -> str:
    answer = client.post("/api/v1/generate", {"prompt": "a star", "seed": 7}, format="json")
    assert run_queue("local") == [{"task": answer.json()["id"], "ended": "completed"}]
    return str(answer.json()["id"])


def test_refund_in_the_admin_changes_the_balance(
    signed_in: Page, site: str, alice: APIClient, stub: Provider, complaints: list[str]
) -> None:
    task_id = order(alice)
    page = signed_in
    page.goto(f"{site}/admin/generation/task/")
    page.wait_for_function(f"({LOADED})([...document.querySelectorAll('#result_list img')])")
    page.click(f"#result_list a:has-text('{task_id}')")

    page.wait_for_function(f"({LOADED})([...document.querySelectorAll('.hub-pictures img')])")
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
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []
    assert complaints == []
