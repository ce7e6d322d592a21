"""What the panel costs a page before anybody opens it: one module, no request to the API, and no wait for its text."""

import threading

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.apps import AppServer
from tests.browser.test_panel import editor, open_panel
from tests.browser.tour import wait_for
from tests.patience import slowness

__all__ = ["editor"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]
FIRST_PAINT_MS, BUTTON_MS = 1_000, 1_500
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def test_text_is_painted_while_the_module_is_still_on_its_way(
    opened: Page, editor: AppServer
) -> None:
    gate = threading.Event()

    def hold(route: Route) -> None:
        gate.set()
        held.append(route)

    held: list[Route] = []
    page = opened
    page.route("**/panel/panel.js", hold)
    page.goto(editor.origin, wait_until="commit")
    wait_for(page, PAINTED)
    expect(page.get_by_role("heading", name="An article")).to_be_visible()
    assert page.evaluate("customElements.get('genhub-panel') === undefined")
    assert gate.is_set()
    for route in held:
        route.continue_()
    open_panel(page)
    assert editor.reports == []


def test_closed_panel_is_one_request_and_is_there_in_its_time(
    opened: Page, editor: AppServer
) -> None:
    page, asked = opened, list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(editor.origin)
    expect(page.get_by_role("button", name="AI picture").first).to_be_visible()
    shown_ms = float(page.evaluate("performance.now()"))
    painted_ms = float(page.evaluate(PAINTED))
    of_hub = [url for url in asked if not url.startswith(editor.origin)]
    assert [url.rpartition("/")[2] for url in of_hub] == ["panel.js"]
    print(f"first paint {painted_ms:.0f} ms, button within {shown_ms:.0f} ms")  # noqa: T201 (a measure)
    assert painted_ms <= FIRST_PAINT_MS * slowness() * 5
    assert shown_ms <= BUTTON_MS * slowness() * 5
