"""Staff edit a draft by its form alone, with the keyboard, and see what an order becomes while they type."""

import re

from playwright.sync_api import Page, expect

from generation.models import Account
from templates.models import Template, TemplateVersion
from templates.services import draft_next, publish
from tests.browser.tour import shoot, tour

HOSTILE = "<img src=x onerror=alert(1)>"


def make_draft() -> TemplateVersion:
    first = TemplateVersion.objects.create(
        template=Template.objects.create(code="star-poster"), number=1, name="Poster",
        prompt="a {colour} {subject} with {spikes} spikes", required=["subject"],
        parameters={
            "subject": {"type": "string", "maxLength": 50, "title": HOSTILE, "pattern": "^[^\n]*$"},
            "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
            "spikes": {"type": "integer", "minimum": 3, "maximum": 9, "default": 5},
            "sizes": {"type": "array", "items": {"type": "integer"}, "default": [1]},
        },
    )  # fmt: skip
    publish(first, actor="carol")
    return draft_next(Template.objects.get())


def test_parameters_are_edited_without_json(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    place = f"templates/templateversion/{draft.pk}/change/"
    for _ in tour(page, site, {"draft": place}):
        expect(page.locator("#preview .hub-prompt")).to_contain_text("a red")
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(f"{site}/admin/{place}")
    expect(page.locator("[data-table=rows] [data-row]")).to_have_count(4)
    # The prompt follows what is typed, and so does the form of apps' users.
    page.fill("#id_prompt", "a {colour} {subject} in the {mood} of {ghost}")
    expect(page.locator("#preview")).to_contain_text("{ghost}, which is no parameter")
    page.focus("[data-act=add]")
    page.keyboard.press("Enter")
    page.keyboard.type("mood")
    page.select_option("[name=row4-kind]", "choice")
    expect(page.locator("[name=row4-choices]")).to_be_visible()
    expect(page.locator("[name=row4-most]")).to_be_hidden()
    page.fill("[name=row4-choices]", "calm\nwild")
    page.fill("[name=row4-default]", "wild")
    expect(page.locator("#preview")).to_contain_text("in the wild of")
    page.fill("#id_prompt", "a {colour} {subject}, {mood}")
    page.select_option("[name='p:mood']", "calm")
    expect(page.locator("#preview .hub-prompt")).to_contain_text(", calm")
    # By keyboard it goes to the top, and another goes away.
    page.focus("[name=row4-name]")
    for _ in range(4):
        page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[data-table=rows] [data-row] [name$=-name]").first).to_have_value("mood")
    expect(page.locator("[name=row4-name]")).to_be_focused()
    page.locator("[data-table=rows] [data-row]", has=page.locator("[name$=-name][value=spikes]")).locator("[data-act=remove]").click()  # fmt: skip
    expect(page.locator("[data-table=rows] [data-row]")).to_have_count(4)
    shoot(page, "draft-edited")
    # Experts see the same, and what they type there stands in the rows.
    page.click("summary:has-text('Parameters in JSON')")
    expect(page.locator("#id_parameters")).to_have_value(re.compile('"mood".*"x-order": 1', re.S))
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    draft.refresh_from_db()
    assert draft.parameters["mood"]["x-order"] == 1
    assert draft.parameters["mood"]["default"] == "wild"
    assert draft.parameters["subject"]["pattern"] == "^[^\n]*$"
    assert "spikes" not in draft.parameters
    assert complaints == []


def test_json_and_rows_follow_each_other(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    page.goto(f"{site}/admin/templates/templateversion/{draft.pk}/change/")
    expect(page.locator("[data-table=rows] [data-row]")).to_have_count(4)
    page.click("summary:has-text('Parameters in JSON')")
    page.fill("#id_parameters", '{"subject": {"type": "boolean", "default": true}}')
    page.fill("#id_required", "[]")
    expect(page.locator("[data-table=rows] [data-row]")).to_have_count(1)
    expect(page.locator("[name=row0-kind]")).to_have_value("truth")
    page.fill("[name=row0-default]", "perhaps")
    page.click("[name=_save]")
    expect(page.locator("[data-table=rows] [data-row].is-wrong")).to_contain_text(
        "This is no value of this kind."
    )
    shoot(page, "draft-wrong")
    assert complaints == []


def test_versions_stand_side_by_side(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    draft.prompt, draft.note = f"two {{colour}} {HOSTILE} in the evening", HOSTILE
    draft.parameters["colour"]["enum"].append("green")
    draft.save()
    first = draft.template.published
    assert first is not None
    places = {
        "versions": f"generation/task/versions/?left={first.pk}&right={draft.pk}",
        "template": f"templates/template/{draft.template_id}/change/",
    }
    for name in tour(page, site, places):
        if name == "versions":
            expect(page.locator("ins", has_text="evening")).to_be_visible()
    assert complaints == []
