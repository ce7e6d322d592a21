"""Staff say by form alone what is done with each picture, and which steps follow; experts see the same as JSON."""

import json
import re

from playwright.sync_api import Page, expect

from generation.models import Account
from tests.browser.test_recipes import make_draft
from tests.browser.tour import shoot, tour


def test_edits_are_made_without_json(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    place = f"templates/templateversion/{draft.pk}/change/"
    page.goto(f"{site}/admin/{place}")
    # By keyboard alone: a crop, and a text beneath it that goes above.
    edits = page.locator("[data-table=operation_rows]")
    edits.locator("[data-part=kind]").select_option("crop")
    edits.locator("[data-act=add]").press("Enter")
    expect(page.locator("[name=operation0-width]")).to_be_focused()
    expect(page.locator("[name=operation0-position]")).to_have_value("center")
    page.fill("[name=operation0-ratio]", "16 to 9")
    edits.locator("[data-part=kind]").select_option("text")
    edits.locator("[data-act=add]").press("Enter")
    page.keyboard.type("春季上新")
    page.keyboard.press("Alt+ArrowUp")
    expect(edits.locator("[data-row]").first).to_have_attribute("data-row", "1")
    page.select_option("[name=operation1-font]", "serif")
    page.click("[name=_save]")
    expect(edits.locator(".errors")).to_have_count(2)
    expect(edits.locator(".errors").first).to_contain_text("This field is required.")
    expect(edits.locator(".errors").last).to_contain_text("Write a ratio as 16:9.")
    expect(page.locator("[name=operation0-ratio]")).to_have_value("16 to 9")
    expect(page.locator("[name=operation1-text]")).to_have_value("春季上新")
    shoot(page, "edits-wrong")
    page.fill("[name=operation0-ratio]", "16:9")
    page.fill("[name=operation1-size]", "24")
    page.click("summary:has-text('Edits in JSON')")
    typed = [{"action": "crop", "ratio": "16:9"}, {"action": "sharpen"}]
    page.fill("#id_operations", json.dumps(typed))
    expect(edits.locator("[data-row]")).to_have_count(2)
    expect(page.locator("[name=operation1-radius]")).to_have_value("2")
    edits.locator("[data-act=remove]").last.click()
    expect(page.locator("#id_operations")).not_to_have_value(re.compile("sharpen"))
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    draft.refresh_from_db()
    assert draft.operations == [{"action": "crop", "ratio": "16:9", "position": "center"}]
    for _ in tour(page, site, {"edits": place}):
        expect(page.locator("[name=operation0-ratio]")).to_have_value("16:9")
    assert complaints == []


def test_steps_are_made_without_json(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    place = f"templates/templateversion/{draft.pk}/change/"
    page.goto(f"{site}/admin/{place}")
    # A step of its own settings, and one that would take what comes after it.
    steps = page.locator("[data-table=step_rows]")
    steps.locator("[data-act=add]").press("Enter")
    page.keyboard.type("{subject} at night")
    page.fill("[name=step0-strength]", "2")
    steps.locator("summary").click()
    page.fill("[name=step0-s-width]", "500")
    page.click("[name=_save]")
    expect(steps.locator(".errors")).to_have_count(2)
    expect(page.locator("[name=step0-s-width]")).to_have_value("500")
    shoot(page, "steps-wrong")
    page.fill("[name=step0-strength]", "0.5")
    page.fill("[name=step0-s-width]", "512")
    page.select_option("[name=step0-image]", "3")
    expect(page.locator("#preview")).to_contain_text("cannot take what step 3 makes")
    page.click("[name=_publish]")
    expect(steps.locator(".errors")).to_contain_text("cannot take what step 3 makes")
    page.select_option("[name=step0-image]", "1")
    expect(page.locator("#preview")).to_contain_text("at night")
    page.click("summary:has-text('Steps in JSON')")
    expect(page.locator("#id_chain")).to_have_value(re.compile('"image": 1'))
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    draft.refresh_from_db()
    assert draft.chain == [
        {
            "prompt": "{subject} at night", "media_type": "image", "strength": 0.5, "takes": {"image": 1},
            "settings": {"width": 512},
        }
    ]  # fmt: skip
    for _ in tour(page, site, {"steps": place}):
        expect(page.locator("[name=step0-prompt]")).to_have_value("{subject} at night")
    assert complaints == []
