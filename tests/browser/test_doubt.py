"""Staff settles an order in doubt in a real browser: the task waits, its page asks, and the order goes on."""

from playwright.sync_api import FilePayload, Page, expect
from rest_framework.test import APIClient

from generation.models import Account
from generation.work.run import run_queue
from tests.books import find_mistakes
from tests.providers.vendors.contract import picture
from tests.steps import attempt_states, submit

REASON = "Their page lists no such order."


def test_an_order_in_doubt_is_made_anew(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    task = submit(alice, "stub:lost")
    assert [entry["ended"] for entry in run_queue("local")] == ["unknown"]
    page = signed_in
    page.goto(f"{site}/admin/generation/task/?doubt=1")
    page.click(f"#result_list a:has-text('{task}')")
    page.click("a[href$='/decide/'] >> visible=true")
    expect(page.locator("text=told to lose the answer")).to_be_visible()
    page.check("input[value=not_taken]")
    page.fill("#id_reason", REASON)
    page.click("button:has-text('Go on')")
    page.wait_for_url(f"{site}/admin/generation/task/*/change/")
    assert attempt_states(task) == ["canceled", "queued"]
    expect(page.locator(f"text={REASON}").first).to_be_visible()
    assert find_mistakes() == []
    assert complaints == []


def test_pictures_of_an_order_in_doubt_are_brought(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    task = submit(alice, "stub:lost stub:found=2")
    assert [entry["ended"] for entry in run_queue("local")] == ["unknown"]
    page = signed_in
    page.goto(f"{site}/admin/generation/deskentry/")
    page.click(f"#result_list a:has-text('{task}')")
    page.click("button:has-text('Ask the provider')")
    expect(page.locator("text=The provider lists 2 orders that it may be.")).to_be_visible()
    expect(page.locator("button:has-text('Take this one')")).to_have_count(2)
    page.check("input[value=brought]")
    picked: FilePayload = {"name": "made.png", "mimeType": "image/png", "buffer": picture()}
    page.set_input_files("#id_pictures", files=[picked])
    page.fill("#id_reason", REASON)
    assert page.input_value("#id_remote_id") == ""
    page.click("button:has-text('Go on')")
    page.wait_for_url(f"{site}/admin/generation/task/*/change/")
    assert attempt_states(task) == ["succeeded"]
    assert find_mistakes() == []
    assert complaints == []
