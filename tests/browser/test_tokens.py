"""An app's page on another port: with a token of its user it orders, follows and shows the picture; no other page can.

The hub is its own two processes here: the web server, and behind it the one of events.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life.attempt_ends import complete
from generation.models import Account, Task
from genhub.handbook.rendering import FOLDER
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.models import ApiKey, Platform
from tests.browser.apps import AppServer
from tests.browser.tour import tour
from tests.front.web import HOST, Web
from tests.handbook.documents import read_blocks
from tests.steps import claim, collect
from tests.tokens.conftest import TOKENS

pytestmark = pytest.mark.django_db(transaction=True)
# What an app's author copies out of the handbook is what runs here.
[SCRIPT] = [block.code for block in read_blocks(FOLDER / "en" / "browser.md") if block.kind == "js"]
# Where it waits is told at times.
WAITS = r"(task\.queue )*"
TOLD = [
    re.compile(rf"^task\.submitted {WAITS}$"),
    re.compile(rf"^task\.submitted {WAITS}task\.processing {WAITS}$"),
    re.compile(rf"^task\.submitted {WAITS}task\.processing {WAITS}task\.completed $"),
]
HUB = "http://127.0.0.1:8000/api/v1"


def test_page_of_an_app_orders_follows_and_shows_the_picture(
    opened: Page, hub: Web, client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account,
    serve: Callable[[], AppServer],
) -> None:  # fmt: skip
    rich("alice", 100)
    app, thief = serve(), serve()
    words = {"user": "alice", "origins": [app.origin], "max_credits": 20}
    made = client_of("").post(TOKENS, words, format="json").json()
    script = SCRIPT.replace(HUB, f"http://{HOST}:{hub.port}/api/v1")
    for server in (app, thief):
        server.token = made["token"]
        server.page = f"""<!doctype html><link rel="icon" href="data:,"><p id="told"></p><img id="drawn" alt="">
            <script>addEventListener("error", (event) => told.append(event.error));</script>
            <script type="module">{script}window.link = picture.url;</script>"""
    page = opened
    page.goto(thief.origin)
    expect(page.locator("#told")).to_have_text("TypeError: Failed to fetch")
    assert not Task.objects.exists()

    page.goto(app.origin)
    expect(page.locator("#told")).to_have_text(TOLD[0])
    found = claim()
    expect(page.locator("#told")).to_have_text(TOLD[1])
    complete(found, collect(found))
    expect(page.locator("#told")).to_have_text(TOLD[2])
    expect(page.locator("#drawn")).to_have_js_property("naturalWidth", 64)
    # The link itself is for an <img>, which sends no token.
    page.evaluate("drawn.src = link")
    expect(page.locator("#drawn")).to_have_js_property("naturalWidth", 64)
    expect(page.locator("#drawn")).to_have_attribute("src", re.compile(r"/files/.*signature="))


def test_staff_see_tokens_and_end_one(
    signed_in: Page, site: str, shop: Platform, complaints: list[Any]
) -> None:
    key = ApiKey.objects.issue(shop, name="web shop")[0]
    origins = ["https://app.example.com", "http://localhost:5173"]
    terms = tokens.Terms("alice", origins, tokens.FOR_TOKENS, 50, timedelta(minutes=15))
    row, secret = tokens.mint(key, terms)
    page = signed_in
    places = {
        "tokens": "platforms/browsertoken/",
        "token": f"platforms/browsertoken/{row.pk}/change/",
        "token-revoke": f"platforms/browsertoken/{row.pk}/revoke",
    }
    for _ in tour(page, site, places):
        assert secret.partition(".")[2] not in page.content()
    page.click("button:has-text('吊销令牌')")
    expect(page.locator("body")).to_contain_text("令牌已吊销")
    assert tokens.find(secret).is_alive is False  # type: ignore[union-attr]
    assert complaints == []
