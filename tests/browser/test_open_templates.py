"""Staff say on a draft who may order it and how strictly it is judged; an app that may not order it does not see it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.models import Account
from genhub.platforms.models import Platform
from templates.models import Template, TemplateVersion
from templates.services import create_template, draft_next, publish
from tests.browser.tour import tour

HOSTILE = "<img src=x onerror=alert(1)>"


def make_draft() -> TemplateVersion:
    publish(create_template("star-poster", name="Poster", prompt="a red star"), actor="carol")
    for code, name in (("forum", "Forum"), ("studio", HOSTILE), ("print-shop", "印刷店")):
        Platform.objects.create(code=code, name=name)
    return draft_next(Template.objects.get())


def test_template_is_kept_for_some_platforms(
    signed_in: Page,
    site: str,
    stub: Account,
    client_of: Callable[..., APIClient],
    complaints: list[str],
) -> None:
    page, draft = signed_in, make_draft()
    shop, forum = client_of("alice"), client_of("bob", platform=Platform.objects.get(code="forum"))
    place = f"templates/templateversion/{draft.pk}"
    for _ in tour(page, site, {"draft-orders": f"{place}/change/"}):
        expect(page.locator("[name=platforms]")).to_have_count(4)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.goto(f"{site}/admin/{place}/change/")
    page.select_option("#id_moderation", "block")
    page.get_by_label("Forum (forum)").check()
    page.get_by_label(HOSTILE).check()
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    expect(page.get_by_label("Forum (forum)")).to_be_checked()
    for _ in tour(page, site, {"draft-orders-publish": f"{place}/publish/"}):
        expect(page.get_by_text("forum, studio")).to_be_visible()
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.goto(f"{site}/admin/{place}/publish/")
    page.click("button:has-text('Publish')")
    expect(page.locator("text=New orders run star-poster v2")).to_be_visible()
    found = {"version-orders": f"{place}/change/", "template-orders": f"templates/template/{draft.template_id}/change/"}  # fmt: skip
    for _ in tour(page, site, found):
        expect(page.get_by_text("forum, studio")).to_be_visible()
    listed = [[one["code"] for one in app.get("/api/v1/templates").json()["items"]] for app in (shop, forum)]  # fmt: skip
    assert listed == [[], ["star-poster"]]
    assert complaints == []
