"""A whole run beside an article: in few clicks, and through a restart of the hub."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from generation.life.claims import heartbeat
from tests.browser.apps import AppServer
from tests.browser.test_panel import draw, editor, open_panel
from tests.browser.tour import shoot
from tests.front.web import HOST, Web
from tests.live.streams import serving_both
from tests.ports import free_port
from tests.steps import claim

__all__ = ["editor"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]
MOST_CLICKS = 10
# Each press of a mouse or a finger, on the page and in the panel.
COUNT = """
window.presses = 0;
addEventListener("pointerdown", (event) => { if (event.isTrusted) window.presses += 1; }, true);
"""


class Restarts:
    """Both processes of the hub, which may end and come back at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.stack = folder, free_port(), ExitStack()

    def start(self) -> Web:
        settings = {"PUBLIC_URL": f"http://{HOST}:{self.port}"}
        return self.stack.enter_context(serving_both(self.folder, str(self.port), **settings))

    def stop(self) -> None:
        self.stack.close()


@pytest.fixture
def restarts(tmp_path: Path, transactional_db: None) -> Iterator[Restarts]:
    found = Restarts(tmp_path)
    with found.stack:
        yield found
        found.stop()


@pytest.fixture
def hub(restarts: Restarts) -> Web:
    return restarts.start()


def test_order_goes_on_while_the_hub_is_away_and_is_shown_when_it_is_back(
    opened: Page, editor: AppServer, restarts: Restarts
) -> None:
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    dialog.get_by_label("Describe the picture").fill("a yellow star")
    dialog.get_by_role("button", name="Generate").click()
    expect(dialog.locator(".awaited")).to_have_count(1)
    found = claim()
    heartbeat(found, progress=0.4)
    expect(dialog.get_by_text("Drawing: 40 %")).to_be_visible()
    restarts.stop()
    expect(dialog.get_by_text("No connection").first).to_be_visible()
    draw(found)
    restarts.start()
    expect(dialog.locator(".pick img")).to_have_js_property("naturalWidth", 64)
    expect(dialog.get_by_text("No connection")).to_have_count(0)
    assert editor.reports == []


def test_three_pictures_one_with_a_title_take_few_clicks(
    opened: Page, editor: AppServer, tick: Callable[[], int]
) -> None:
    page = opened
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(editor.origin)
    shoot(page, "run-1-article")
    dialog = open_panel(page)
    # Who opens it may write at once.
    expect(dialog.get_by_label("Describe the picture")).to_be_focused()
    page.keyboard.type("a cup of tea on a wooden table, morning light")
    dialog.get_by_role("radio", name="4").click()
    expect(dialog.get_by_text("40 credits · you have 200")).to_be_visible()
    shoot(page, "run-2-described")
    dialog.get_by_role("button", name="Generate").click()
    expect(dialog.locator(".awaited")).to_have_count(4)
    found = claim()
    heartbeat(found, progress=0.6)
    expect(dialog.get_by_text("Drawing: 60 %")).to_be_visible()
    shoot(page, "run-3-drawing")
    draw(found)
    expect(dialog.locator(".pick img")).to_have_count(4)
    expect(dialog.locator(".pick img").last).to_have_js_property("naturalWidth", 64)
    shoot(page, "run-4-drawn")
    dialog.get_by_role("button", name="Edit", exact=True).first.click()
    edits = page.get_by_role("dialog", name="Edit")
    edits.get_by_label("Text on the picture").click()
    page.keyboard.type("Tea time")
    expect(edits.get_by_text("64 × 64 · free")).to_be_visible()
    shoot(page, "run-5-title")
    edits.get_by_role("button", name="Save").click()
    # What was edited is chosen already.
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(edits).to_be_hidden()
    shoot(page, "run-6-kept")
    for number in (1, 2):
        dialog.locator(".pick").nth(number).click()
    shoot(page, "run-7-chosen")
    dialog.get_by_role("button", name="Insert").click()
    expect(page.locator("figure img")).to_have_count(3)
    expect(page.locator("figure img").last).to_have_js_property("naturalWidth", 64)
    shoot(page, "run-8-inserted")
    assert tick() <= MOST_CLICKS
    assert editor.reports == []


@pytest.fixture
def tick(opened: Page) -> Callable[[], int]:
    """Count what an editor presses, and return how often that was."""
    opened.add_init_script(COUNT)
    return lambda: int(opened.evaluate("presses"))
