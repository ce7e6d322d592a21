"""Every page of the sidebar, and the page that shows a key, in a real browser and in Chinese: nothing is refused."""

from playwright.sync_api import Page, expect

from generation.models import Account
from genhub.platforms.models import ApiKey, Platform
from genhub.settings.unfold import UNFOLD


def test_pages_of_the_sidebar_raise_no_complaint(
    signed_in: Page, site: str, stub: Account, recipes: None, complaints: list[str]
) -> None:
    page = signed_in
    page.click("text=carol")
    page.click("button:has-text('简体中文')")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    links = page.eval_on_selector_all("#nav-sidebar ol a", "links => links.map(link => link.href)")
    groups = UNFOLD["SIDEBAR"]["navigation"]
    assert len(links) == sum(len(group["items"]) for group in groups) > 15
    for link in links:
        answer = page.goto(link)
        assert answer is not None
        assert answer.status == 200
        page.wait_for_load_state("networkidle")
    assert complaints == []


def test_a_new_key_is_shown_to_be_copied(
    signed_in: Page, site: str, shop: Platform, complaints: list[str]
) -> None:
    page = signed_in
    page.goto(f"{site}/admin/platforms/platform/{shop.pk}/change/")
    page.click("text=New key")
    page.fill("#id_name", "web shop")
    page.click("button[name=_save]")
    key = page.input_value("#new-key")
    assert ApiKey.objects.find(key) == ApiKey.objects.get()
    page.click("button:has-text('Copy')")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.click("text=I have copied it")
    expect(page.locator("h1")).to_contain_text("web shop")
    assert key.partition(".")[2] not in page.content()
    assert complaints == []
