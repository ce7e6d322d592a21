"""The panel beside an editor's text: from a description to pictures in the article, with a strict policy around it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life.attempt_ends import complete
from generation.life.claims import Claim, heartbeat
from generation.models import Account, Task
from generation.moderation.loading import seed_terms
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.browser_tokens.models import BrowserToken
from templates.services import create_template, publish
from tests.api.refusals import header_of
from tests.browser.apps import AppServer
from tests.browser.tour import shoot
from tests.front.web import HOST, Web
from tests.steps import claim, collect
from tests.tokens.conftest import TOKENS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]
PHONE = {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=document.title='hacked'>"
# What a page does with a picture: it takes the file, as a page with a store of its own, and the words.
SCRIPT = """
for (const panel of document.querySelectorAll("genhub-panel")) {
  panel.addEventListener("genhub-insert", async ({ detail }) => {
    const image = Object.assign(new Image(), { alt: detail.alt });
    const figure = document.createElement("figure");
    figure.dataset.url = detail.url;
    figure.append(image, detail.label);
    // Its place is taken at once: files arrive in any order.
    document.querySelector("main").append(figure);
    image.src = URL.createObjectURL(await detail.file());
  });
}
"""


@pytest.fixture
def editor(
    serve: Callable[[], AppServer], hub: Web, client_of: Callable[..., APIClient], rich: Callable[..., Purse]
) -> AppServer:  # fmt: skip
    """An app with a page to write on, whose policy lets in just what the handbook asks for."""
    rich("alice", 200)
    app, address = serve(), f"http://{HOST}:{hub.port}"

    key = header_of(client_of(""))["HTTP_AUTHORIZATION"]

    def mint() -> dict[str, Any]:
        words = {"user": "alice", "origins": [app.origin], "max_credits": 500, "expires_in": 900}
        headers = {"Authorization": key, "Content-Type": "application/json"}
        made: dict[str, Any] = hub.ask(
            "POST", TOKENS, json.dumps(words).encode(), headers=headers
        ).json()
        return made

    app.mint = mint
    app.policy = (
        f"default-src 'none'; script-src 'self' {address}; connect-src 'self' {address}; img-src 'self' blob:; "
        "form-action 'none'; base-uri 'none'; report-uri /reports"
    )
    app.pages["/page.js"] = ("text/javascript", SCRIPT)
    app.page = f"""<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
        <title>Article</title><link rel="icon" href="/none">
        <main><h1>An article</h1><genhub-panel name="article" token-url="/hub-token"></genhub-panel>
        <label>Draft <textarea id="draft">Before. After.</textarea></label>
        <genhub-panel name="draft" for="draft" token-url="/hub-token"></genhub-panel></main>
        <script type="module" src="{address}/static/genhub/panel/panel.js"></script>
        <script type="module" src="/page.js"></script></html>"""
    return app


def draw(found: Claim) -> None:
    complete(found, collect(found))


def open_panel(page: Page, *, number: int = 0, name: str = "AI picture") -> Locator:
    page.get_by_role("button", name=name).nth(number).click()
    dialog = page.get_by_role("dialog", name=name)
    # The price is there before anything is ordered.
    expect(dialog.locator(".pay strong")).to_be_visible()
    return dialog


def order_four(page: Page) -> Locator:
    """Have four pictures drawn, and look away in the middle."""
    dialog = open_panel(page)
    shoot(page, "panel-1-empty")
    dialog.get_by_label("Describe the picture").fill("a yellow star")
    dialog.get_by_text("Phrases that help").first.click()
    dialog.get_by_role("button", name="natural lighting").click()
    dialog.get_by_role("radio", name="4").check()
    expect(dialog.get_by_text("40 credits · you have 200")).to_be_visible()
    shoot(page, "panel-2-form")
    dialog.get_by_role("button", name="Generate").click()
    expect(dialog.locator(".awaited")).to_have_count(4)
    found = claim()
    assert found.spec.prompt == "a yellow star, natural lighting"
    heartbeat(found, progress=0.4)
    expect(dialog.get_by_text("Drawing: 40 %")).to_be_visible()
    # Who leaves the page comes back to the order that went on.
    page.reload()
    dialog = open_panel(page)
    expect(dialog.get_by_text("Drawing: 40 %")).to_be_visible()
    shoot(page, "panel-3-drawing")
    draw(found)
    expect(dialog.locator(".pick img")).to_have_count(4)
    expect(dialog.locator(".pick img").first).to_have_js_property("naturalWidth", 64)
    return dialog


def look_closely(page: Page, dialog: Locator) -> None:
    """Enlarge the second, then turn to the third by the keyboard."""
    dialog.get_by_role("button", name="Enlarge").nth(1).click()
    viewer = page.get_by_role("dialog", name="Enlarge")
    expect(viewer.get_by_text("2 / 4")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_text("3 / 4")).to_be_visible()
    page.keyboard.press("Escape")


def like_second(page: Page, dialog: Locator) -> None:
    """Like the second, come back, and find it among the favourites."""
    star = dialog.get_by_role("button", name="Favourite", exact=True).nth(1)
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.reload()
    dialog = open_panel(page)
    dialog.get_by_role("button", name="Favourites", exact=True).click()
    stars = dialog.get_by_role("button", name="Favourite", exact=True)
    expect(stars).to_have_count(4)
    expect(stars.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(stars.nth(0)).to_have_attribute("aria-pressed", "false")


def edit_first(page: Page, dialog: Locator) -> None:
    """Cut the first and write on it."""
    dialog.get_by_role("button", name="Edit", exact=True).first.click()
    edits = page.get_by_role("dialog", name="Edit")
    edits.get_by_role("radio", name="16:9").check()
    edits.get_by_label("Text on the picture").fill("far too long a text for it" * 9)
    expect(edits.get_by_text("The text does not fit into the picture")).to_be_visible()
    expect(edits.get_by_role("button", name="Save")).to_be_disabled()
    edits.get_by_label("Text on the picture").fill("Tea")
    expect(edits.get_by_text("64 × 36 · free")).to_be_visible()
    shoot(page, "panel-4-edit")
    edits.get_by_role("button", name="Save").click()


def test_an_editor_puts_pictures_into_an_article(opened: Page, editor: AppServer) -> None:
    page = opened
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(editor.origin)
    dialog = order_four(page)
    look_closely(page, dialog)
    like_second(page, dialog)
    edit_first(page, dialog)
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(1)
    dialog.locator(".pick").nth(1).click()
    shoot(page, "panel-5-chosen")
    dialog.get_by_role("button", name="Insert").click()
    expect(page.locator("figure img")).to_have_count(2)
    for figure in page.locator("figure").all():
        expect(figure).to_have_text("AI-generated")
        expect(figure).to_have_attribute("data-url", re.compile(r"/s/lnk_"))
        # What says how good it is to be drawn is not what is seen.
        expect(figure.locator("img")).to_have_attribute("alt", "a yellow star")
    expect(page.locator("figure img").first).to_have_js_property("naturalHeight", 36)
    assert editor.reports == []


def meet_refusals(page: Page, dialog: Locator) -> None:
    """Order nothing, too much, and what is not made."""
    start = dialog.get_by_role("button", name="Generate")
    start.click()
    expect(dialog.get_by_text("Write what the picture is to show")).to_be_visible()
    assert not Task.objects.exists()
    words = dialog.get_by_label("Describe the picture")
    words.fill(HOSTILE)
    dialog.get_by_role("radio", name="9").check()
    for left in ("110", "20"):
        start.click()
        expect(dialog.get_by_text(f"you have {left}")).to_be_visible()
    start.click()
    advice = dialog.get_by_text("ask your administrator for credits")
    expect(advice).to_be_visible()
    shoot(page, "panel-6-refused")
    dialog.get_by_role("radio", name="1").check()
    words.fill("a naked star")
    start.click()
    expect(advice).to_be_hidden()
    expect(dialog.get_by_text("Change the description and try again")).to_be_visible()
    assert Task.objects.count() == 2


def test_what_goes_wrong_is_said_and_nothing_is_lost(
    opened: Page, editor: AppServer, stub: Account
) -> None:
    seed_terms()
    recipe = create_template("hostile", name=HOSTILE, prompt="a star")
    publish(recipe, actor="tests")
    page = opened
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict is one of its two numbers
    page.emulate_media(color_scheme="dark")
    page.goto(editor.origin)
    page.locator("#draft").press("End")
    dialog = open_panel(page, number=1)
    expect(dialog.get_by_text(HOSTILE)).to_be_visible()
    meet_refusals(page, dialog)

    # The token ends, and the page's server has another.
    tokens.revoke(BrowserToken.objects.latest("created_at").pk)
    dialog.get_by_label("Describe the picture").fill("a blue star")
    dialog.get_by_role("button", name="Generate").click()
    region = dialog.get_by_role("region", name="a blue star")
    # Its stream is open, and says where it stands.
    expect(region.get_by_text("Number 3 in the queue")).to_be_visible()
    # The network is gone while it is drawn, and comes back.
    page.context.set_offline(True)
    expect(dialog.get_by_text("No connection").first).to_be_visible()
    shoot(page, "panel-7-offline")
    for _ in range(3):
        draw(claim())
    page.context.set_offline(False)
    expect(region.locator(".pick img")).to_have_js_property("naturalWidth", 64)
    region.locator(".pick").click()
    dialog.get_by_label("Alternative text").fill("a star ] of [ stars")
    shoot(page, "panel-8-phone")
    dialog.get_by_role("button", name="Insert").click()
    expect(page.locator("#draft")).to_have_value(
        re.compile(
            r'^Before\. After\.!\[a star \\\] of \\\[ stars\]\(http\S+/s/lnk_\S+ "AI-generated"\)$'
        )
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.title() == "Article"
    assert editor.reports == []
