"""Where only approved pictures are published, the panel says what waits, and inserts what staff approved."""

import pytest
from playwright.sync_api import Locator, Page, expect

from generation.models import Output
from storage.models import ReviewState
from tests.approval.made import WHY, ask_approval, decide, person
from tests.browser.apps import AppServer
from tests.browser.test_panel import draw, editor, open_panel
from tests.browser.tour import shoot
from tests.steps import claim

__all__ = ["editor"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]


def insert(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Insert").click()


def test_editor_waits_for_approval_and_then_inserts(opened: Page, editor: AppServer) -> None:
    ask_approval()
    page = opened
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(editor.origin)
    dialog = open_panel(page)
    dialog.get_by_label("Describe the picture").fill("a yellow star")
    dialog.get_by_role("radio", name="2", exact=True).check()
    dialog.get_by_role("button", name="Generate").click()
    expect(dialog.locator(".awaited")).to_have_count(2)
    draw(claim())
    expect(dialog.locator(".standing:visible")).to_have_text(["Waits for approval"] * 2)
    for number in range(2):
        dialog.locator(".pick").nth(number).click()
    insert(dialog)
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("It can be inserted once your staff have approved it")
    expect(page.locator("figure")).to_have_count(0)
    shoot(page, "panel-waits")

    dora = person()
    first, second = list_shown()
    decide(first, ReviewState.APPROVED, dora, "")
    decide(second, ReviewState.REJECTED, dora, WHY)
    # One that is rejected holds the other back, and says why.
    insert(dialog)
    expect(alert).to_contain_text(WHY)
    expect(dialog.locator(".standing:visible")).to_have_text([f"Rejected: {WHY}"])
    expect(page.locator("figure")).to_have_count(0)
    shoot(page, "panel-rejected")
    dialog.locator(".pick").nth(1).click()
    insert(dialog)
    expect(page.locator("figure img")).to_have_count(1)
    assert editor.reports == []


def list_shown() -> list[str]:
    """Return the pictures in the order in which they are shown."""
    rows = Output.objects.order_by("position").values_list("artifact_id", flat=True)
    return [f"art_{pk.hex}" for pk in rows]
