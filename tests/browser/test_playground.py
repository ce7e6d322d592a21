"""The playground shows what the panel asks, what comes back, and what the hub says by itself while it draws."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from credits.models import Purse
from generation.life.claims import heartbeat
from genhub.platforms.models import ApiKey, Platform
from genhub.users.models import User
from tests.browser.conftest import PASSWORD
from tests.browser.test_panel import draw
from tests.browser.tour import shoot
from tests.front.web import HOST, Web
from tests.steps import claim

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]


def sign_in(page: Page, address: str) -> None:
    User.objects.create_superuser("carol", password=PASSWORD)
    page.goto(f"{address}/admin/")
    page.fill("#id_username", "carol")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{address}/admin/")


def test_requests_answers_and_live_events_are_shown(
    opened: Page, hub: Web, shop: Platform, rich: Callable[..., Purse]
) -> None:
    rich("alice", 100)
    ApiKey.objects.issue(shop, name="web", user="alice")
    page, address = opened, f"http://{HOST}:{hub.port}"
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.set_viewport_size({"width": 1600, "height": 1000})
    sign_in(page, address)
    page.goto(f"{address}/playground/")
    panel = page.locator("genhub-panel")
    panel.get_by_label("Describe the picture").fill("a yellow star")
    panel.get_by_role("button", name="Generate").click()
    expect(panel.locator(".awaited")).to_have_count(1)
    found = claim()
    news = page.get_by_role("list", name="What the hub says")
    # What was told before the stream had begun is nobody's news.
    expect(news.get_by_text("task.processing").first).to_be_visible()
    heartbeat(found, progress=0.4)
    expect(news.get_by_text("40 %").first).to_be_visible()
    draw(found)
    expect(news.get_by_text("completed").first).to_be_visible()
    news.get_by_text("completed").first.click()
    expect(news.locator("pre").first).to_contain_text('"status": "completed"')

    order = page.locator("#sent li").filter(has_text="POST /api/v1/generate → 202")
    order.locator("summary").click()
    expect(order.locator("pre").first).to_contain_text("curl -sS -X POST")
    expect(order.locator("pre").first).to_contain_text('"prompt":"a yellow star"')
    for name, word in (("Python", "urllib.request"), ("JavaScript", "await fetch")):
        order.get_by_role("tab", name=name).click()
        expect(order.locator("pre").first).to_contain_text(word)
    expect(order.locator("pre").nth(1)).to_contain_text('"status": "pending"')
    shoot(page, "playground")
    # The token itself stands nowhere.
    assert "tok_" not in page.content()
    assert said == []
