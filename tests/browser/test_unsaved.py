"""Unsaved text in a real browser: every way out of a page asks first, and nothing asks without need."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from credits.models import Purse
from generation.models import Account
from templates.models import Style, Template, TemplateVersion
from templates.services import draft_next

TYPED = "a {colour} {shape} that nobody has saved"


class Asked:
    """What the browser asked, and what is answered: to stay, unless told to leave."""

    def __init__(self, page: Page) -> None:
        self.count, self.leaves = 0, False
        page.on("dialog", self.answer)

    def answer(self, dialog: Dialog) -> None:
        assert dialog.type == "beforeunload"
        self.count += 1
        if self.leaves:
            dialog.accept()
        else:
            dialog.dismiss()


@pytest.fixture
def asked(signed_in: Page) -> Asked:
    return Asked(signed_in)


@pytest.fixture
def draft(stub: Account, recipes: None) -> TemplateVersion:
    return draft_next(Template.objects.get(code="shape"))


def click_publish(page: Page) -> None:
    page.click("a[href$='/publish/'] >> visible=true")


def click_menu(page: Page) -> None:
    page.click("#nav-sidebar a[href='/admin/templates/style/']")


def click_breadcrumb(page: Page) -> None:
    page.locator("a[href='/admin/templates/templateversion/'] >> visible=true").first.click()


def open_account(page: Page) -> None:
    if not page.locator("#logout-form button").is_visible():
        page.click("text=carol")


def change_language(page: Page) -> None:
    open_account(page)
    page.click("button:has-text('简体中文')")


def log_out(page: Page) -> None:
    open_account(page)
    page.click("#logout-form button")


def reload(page: Page) -> None:
    page.evaluate("location.reload()")


WAYS_OUT = [click_publish, click_menu, click_breadcrumb, change_language, log_out, reload]


def test_every_way_out_of_a_page_with_unsaved_text_asks(
    signed_in: Page, site: str, draft: TemplateVersion, asked: Asked, complaints: list[str]
) -> None:
    page = signed_in
    address = f"{site}/admin/templates/templateversion/{draft.pk}/change/"
    page.goto(address)
    page.fill("#id_prompt", TYPED)
    for count, leave in enumerate(WAYS_OUT, start=1):
        leave(page)
        expect(page.locator("#id_prompt")).to_have_value(TYPED)
        assert (leave.__name__, asked.count, page.url) == (leave.__name__, count, address)
    # Whoever means it gets out.
    asked.leaves = True
    page.goto(f"{site}/admin/")
    assert asked.count == len(WAYS_OUT) + 1
    draft.refresh_from_db()
    assert draft.prompt != TYPED
    assert complaints == []


def test_saving_publishing_and_looking_ask_nothing(
    signed_in: Page, site: str, draft: TemplateVersion, asked: Asked, complaints: list[str]
) -> None:
    page = signed_in
    address = f"{site}/admin/templates/templateversion/{draft.pk}/change/"
    page.goto(address)
    # Typed and taken back, a widget opened and closed, a way out.
    page.fill("#id_prompt", TYPED)
    page.fill("#id_prompt", draft.prompt)
    page.click("#id_name")
    click_menu(page)
    page.wait_for_url(f"{site}/admin/templates/style/")
    page.goto(address)
    page.fill("#id_prompt", TYPED)
    page.click("button[name=_continue]")
    expect(page.locator("#id_prompt")).to_have_value(TYPED)
    page.fill("#id_name", "Published with its text")
    page.click("button[name=_publish]")
    expect(page.get_by_text("New orders run shape v2 from now on.")).to_be_visible()
    assert asked.count == 0
    published = Template.objects.get(code="shape").published
    assert published is not None
    assert (published.prompt, published.name) == (TYPED, "Published with its text")
    assert complaints == []


def test_what_was_refused_is_unsaved_from_the_start(
    signed_in: Page, site: str, draft: TemplateVersion, asked: Asked
) -> None:
    page = signed_in
    page.goto(f"{site}/admin/templates/templateversion/{draft.pk}/change/")
    page.click("summary:has-text('JSON')")
    page.fill("#id_parameters", "{")
    page.click("button[name=_save]")
    expect(page.locator("#id_parameters_error")).to_contain_text("This is not valid JSON")
    assert asked.count == 0
    # The browser asks only for those who touched the page.
    page.click("#id_name")
    click_menu(page)
    expect(page.locator("#id_parameters")).to_have_value("{")
    assert asked.count == 1


def test_questions_and_lists_ask_too(
    signed_in: Page, site: str, draft: TemplateVersion, rich: Callable[..., Purse], asked: Asked, complaints: list[str]
) -> None:  # fmt: skip
    page = signed_in
    page.goto(f"{site}/admin/credits/purse/{rich().pk}/grant/")
    page.fill("#id_reason", "A gift to a good customer.")
    page.click("a:has-text('Back')")
    expect(page.locator("#id_reason")).to_have_value("A gift to a good customer.")
    assert asked.count == 1
    page.fill("#id_amount", "5")
    page.click("form button:has-text('Grant')")
    expect(page.get_by_text("5 credits granted.", exact=False)).to_be_visible()

    page.goto(f"{site}/admin/templates/style/")
    page.fill("#id_form-0-position", "9")
    click_breadcrumb_of_list(page)
    expect(page.locator("#id_form-0-position")).to_have_value("9")
    assert asked.count == 2
    page.click("button[name=_save]")
    expect(page.locator("#id_form-4-position")).to_have_value("9")
    assert Style.objects.filter(position=9).count() == 1
    # A search is no text to lose.
    page.fill("#searchbar", "anime")
    click_menu(page)
    assert asked.count == 2
    assert complaints == []


def click_breadcrumb_of_list(page: Page) -> None:
    page.click("#nav-sidebar a[href='/admin/']")


PAGES = [
    "credits/budget/add/", "credits/pricerule/add/", "platforms/platform/add/", "platforms/apikey/add/",
    "generation/offer/add/", "auth/group/add/",
]  # fmt: skip


def test_no_page_asks_of_those_who_only_looked(
    signed_in: Page, site: str, stub: Account, recipes: None, asked: Asked, complaints: list[str]
) -> None:
    """Whatever widgets fill in by themselves when a page is opened, touched and left."""
    page = signed_in
    for path in PAGES:
        page.goto(f"{site}/admin/{path}")
        page.wait_for_load_state("networkidle")
        page.locator("h1, h2, #content-main").first.click(force=True)
        page.keyboard.press("Tab")
    page.goto(f"{site}/admin/")
    assert asked.count == 0
    assert complaints == []
