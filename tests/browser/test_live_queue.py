"""The live queue in a real browser, in both languages, on a desk and on a phone; it follows what happens by itself."""

import io

from PIL import Image
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Account
from generation.work import presence
from generation.work.machine import own_process
from tests.browser.tour import tour
from tests.patience import patience
from tests.steps import submit


def test_queue_is_followed_paused_and_resumed(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    presence.beat("local@here", ["local"])
    for words in ("a lighthouse in the fog, seen from the sea", "雨夜的霓虹街道", "a fox asleep in the snow"):  # fmt: skip
        submit(alice, words, steps=10)
    page.goto(f"{site}/admin/generation/queue/")
    expect(page.locator("#followed")).to_contain_text("Nothing in hand.")
    claim = claims.claim_next("local", worker=f"{own_process()}:one")
    assert claim
    claims.heartbeat(claim, progress=0.4, preview=picture())
    # Nobody reloads.
    expect(page.locator(".hub-order")).to_contain_text("step 4 of 10", timeout=1000 * patience())
    page.click("text=Pause >> nth=0")
    page.fill("textarea[name=reason]", "The card is being changed.")
    page.click(".hub-question button[type=submit]")
    expect(page.locator("#followed")).to_contain_text("The queue is paused by the hub's staff")
    places = {"live-queue": "generation/queue/", "queue-steer": "generation/queue/local/steer/resume/",
              "queue-row": "generation/queue/local/change/"}  # fmt: skip
    for name in tour(page, site, places):
        expect(page.locator("body")).to_contain_text(
            "local" if name != "live-queue" else "local@here"
        )
    assert complaints == []


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((96, 96)).save(buffer, "JPEG")
    return buffer.getvalue()
