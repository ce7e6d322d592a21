"""Staff who use no mouse come past the menu at once, to their own menu and the filters, and type without a click."""

from playwright.sync_api import Browser, Page, Route, expect

from genhub.users.models import User
from tests.browser.conftest import PASSWORD
from tests.browser.tour import shoot


def test_the_menu_is_skipped_and_ones_own_is_reached(
    signed_in: Page, site: str, complaints: list[str]
) -> None:
    page = signed_in
    page.goto(f"{site}/admin/users/user/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the text")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#content') !== null")
    own = page.locator("#nav-sidebar [role=button]", has_text="carol")
    own.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    filters = page.locator("[role=button]", has_text="Filters").first
    filters.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#changelist-filter")).to_be_visible()
    assert complaints == []


def test_what_scripts_make_is_named_whenever_they_make_it(
    signed_in: Page, site: str, complaints: list[str]
) -> None:
    page = signed_in
    page.goto(f"{site}/admin/auth/group/add/")
    expect(page.get_by_role("main")).to_be_visible()
    tips = page.locator(".help-tooltip[aria-label]")
    expect(tips).to_have_count(2)
    expect(page.locator(".help-tooltip[role=img]")).to_have_count(2)
    late = '<span class="help-tooltip" aria-label="Made late"></span>'
    page.evaluate(
        "html => document.getElementById('content').insertAdjacentHTML('beforeend', html)", late
    )
    expect(page.get_by_role("img", name="Made late")).to_be_attached()
    page.goto(f"{site}/admin/credits/budget/add/")
    expect(page.get_by_role("textbox", name="API key")).to_be_visible()
    assert complaints == []


def test_the_field_is_ready_though_the_page_was_painted_before_the_themes_script_came(
    page: Page, site: str, staff: User
) -> None:
    def come_late(route: Route) -> None:
        painted = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        page.evaluate(painted)
        route.continue_()

    page.route("**/alpine/alpine.js", come_late)
    page.goto(f"{site}/admin/login/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type(staff.username)
    expect(page.locator("#id_username")).to_have_value(staff.username)


def test_whose_browser_runs_no_scripts_signs_in_and_reads(
    browser: Browser, site: str, staff: User
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    try:
        page.goto(f"{site}/admin/")
        page.fill("[name=username]", staff.username)
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Newest pictures")).to_be_visible()
        shoot(page, "no-scripts")
        # Nothing lies over the page that only a script would open.
        page.click("a[href='/admin/generation/task/']")
        expect(page.locator("#changelist")).to_be_visible()
        shoot(page, "no-scripts-list")
    finally:
        page.context.close()
