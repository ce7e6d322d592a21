"""Staff fix the settings of a draft and of a style by their form alone; experts see the same as JSON."""

import re

from playwright.sync_api import Page, expect

from generation.models import Account, Offer
from templates.models import Style
from templates.services import seed_styles
from tests.browser.test_recipes import make_draft
from tests.browser.tour import shoot, tour
from tests.offers import place as place_weights


def test_settings_are_fixed_without_json(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    draft.settings = {"width": 512, "audio": False, "model": "ghost", "steps": "many"}
    draft.save()
    place = f"templates/templateversion/{draft.pk}/change/"
    for _ in tour(page, site, {"settings": place}):
        expect(page.locator("[name=settings0-width]")).to_have_value("512")
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(f"{site}/admin/{place}")
    shoot(page, "settings")
    # What no field can show is told, and kept.
    expect(page.locator("[data-table=settings_rows]")).to_contain_text(
        "Only in JSON, and kept: steps"
    )
    expect(page.locator("[name=settings0-model]")).to_have_value("ghost")
    page.fill("[name=settings0-steps]", "0")
    page.fill("[name=settings0-width]", "500")
    page.click("[name=_save]")
    wrong = page.locator("[data-table=settings_rows] .errors")
    expect(wrong).to_have_count(2)
    expect(wrong.first).to_contain_text("It must be a multiple of 16 pixels.")
    expect(page.locator("[name=settings0-steps]")).to_have_value("0")
    shoot(page, "settings-wrong")
    page.fill("[name=settings0-width]", "640")
    page.fill("[name=settings0-steps]", "12")
    page.select_option("[name=settings0-quality]", "high")
    page.select_option("[name=settings0-model]", "")
    page.click("summary:has-text('Settings in JSON')")
    said = {"width": 640, "steps": 12, "quality": "high"}
    expect(page.locator("#id_settings")).to_have_value(re.compile('"quality": "high"'))
    page.fill("#id_settings", '{"width": 320, "mode": "fast"}')
    expect(page.locator("[name=settings0-width]")).to_have_value("320")
    expect(page.locator("[name=settings0-mode]")).to_have_value("fast")
    expect(page.locator("[name=settings0-quality]")).to_have_value("")
    page.fill("[name=settings0-width]", "640")
    page.fill("[name=settings0-steps]", "12")
    page.select_option("[name=settings0-quality]", "high")
    page.select_option("[name=settings0-mode]", "")
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    draft.refresh_from_db()
    assert draft.settings == said
    assert complaints == []


def test_what_only_a_clip_has_is_shown_for_a_clip_or_where_it_was_said(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page, draft = signed_in, make_draft()
    page.goto(f"{site}/admin/templates/templateversion/{draft.pk}/change/")
    sounds, rate = (page.locator(f"[name=settings0-{name}]") for name in ("audio", "fps"))
    expect(sounds).to_be_hidden()
    page.select_option("#id_media_type", "video")
    sounds.select_option("false")
    expect(rate).to_be_visible()
    page.select_option("#id_media_type", "image")
    expect(sounds).to_be_visible()
    expect(rate).to_be_hidden()
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    draft.refresh_from_db()
    assert draft.settings["audio"] is False
    assert complaints == []


def test_style_wears_loras_without_json(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    seed_styles()
    offer = Offer.objects.get()
    place_weights(
        offer,
        loras=[
            {"name": "ink", "file": "/ink.safetensors", "scale": 0.8},
            {"name": "fog", "file": "/fog.safetensors"},
        ],
    )
    style = Style.objects.get(code="anime")
    place = f"templates/style/{style.pk}/change/"
    page.goto(f"{site}/admin/{place}")
    page.select_option("[name=settings0-lora1]", "ink")
    page.fill("[name=settings0-scale1]", "3")
    page.click("[name=_save]")
    expect(page.locator(".hub-row .errors")).to_contain_text("At most 2")
    expect(page.locator("[name=settings0-lora1]")).to_have_value("ink")
    shoot(page, "style-wrong")
    page.fill("[name=settings0-scale1]", "0.5")
    page.click("summary:has-text('Settings in JSON')")
    expect(page.locator("#id_settings")).to_have_value(re.compile('"scale": 0.5'))
    page.fill(
        "#id_settings", '{"loras": [{"name": "fog"}, {"name": "ink", "scale": 1.5}], "steps": 9}'
    )
    expect(page.locator("[name=settings0-lora0]")).to_have_value("fog")
    expect(page.locator("[name=settings0-scale1]")).to_have_value("1.5")
    page.fill("[name=settings0-scale0]", "-1")
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    style.refresh_from_db()
    worn = [{"name": "fog", "scale": -1}, {"name": "ink", "scale": 1.5}]
    assert style.settings == {"steps": 9, "loras": worn}
    for _ in tour(page, site, {"style": place}):
        expect(page.locator("[name=settings0-lora0]")).to_have_value("fog")
    assert complaints == []
