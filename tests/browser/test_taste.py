"""Staff reads what is remembered of users in a real browser and forgets it, in both languages and on a phone."""

from typing import Any

from playwright.sync_api import Page, expect

from generation.models import Preferences, Subject
from genhub.platforms.models import Platform
from tests.browser.tour import tour


def test_what_is_remembered_is_read_and_forgotten(
    signed_in: Page, site: str, shop: Platform, complaints: list[Any]
) -> None:
    words = {"style_preset": "anime", "width": 256, "height": 256, "negative_prompt": "blurry"}
    kept = Preferences.objects.create(platform=shop, user="alice", words=words)
    for name in ("春季促销", "hero", "a session with quite a long name of its own"):
        Subject.objects.create(platform=shop, user="alice", name=name, seed=2**53 - 1)
    subject = Subject.objects.get(name="hero")
    places = {
        "preferences": "generation/preferences/",
        "preferences-one": f"generation/preferences/{kept.pk}/change/",
        "preferences-forget": f"generation/preferences/{kept.pk}/forget",
        "subjects": "generation/subject/",
        "subject": f"generation/subject/{subject.pk}/change/",
        "subject-forget-all": f"generation/subject/{subject.pk}/forget_all",
    }
    page = signed_in
    assert set(tour(page, site, places)) == set(places)
    page.goto(f"{site}/admin/{places['subject-forget-all']}")
    page.fill("[name=reason]", "客户来信要求删除所有主题。")
    page.click("button[type=submit]:has-text('清除')")
    expect(page.locator("body")).to_contain_text("已清除 3 个主题")
    assert complaints == []
