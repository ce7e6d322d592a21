"""A member of staff sets a second step up and signs in with it; its pages on a phone, in Chinese too."""

import base64

from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from genhub.users.models import SecondStep, StaffSession, User
from tests.browser.conftest import PASSWORD
from tests.browser.tour import shoot, tour

USERS = "users/user"


def code_on(page: Page, later: int = 0) -> str:
    """Return what a phone shows that read the key on the page."""
    key = base64.b32decode(page.locator("#key").inner_text().replace(" ", ""))
    clock = TOTP(key)
    clock.drift = later
    return f"{clock.token():06}"


def test_it_is_set_up_and_asked_for(
    signed_in: Page, site: str, staff: User, complaints: list[str]
) -> None:
    page = signed_in
    page.goto(f"{site}/admin/{USERS}/own/")
    page.click("a:has-text('Set up the second step')")
    picture = page.locator("img[alt='The key as a QR code']")
    assert picture.evaluate("image => image.naturalWidth") > 100
    for _name in tour(page, site, {"step-set-up": f"{USERS}/second-step/set-up/"}):
        pass
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.goto(f"{site}/admin/{USERS}/second-step/set-up/")
    soon = code_on(page, 1)
    page.fill("#id_code", "000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    page.fill("#id_code", code_on(page))
    page.keyboard.press("Enter")
    expect(page.locator("#codes li")).to_have_count(10)
    recovery = page.locator("#codes li").first.inner_text()
    shoot(page, "step-codes")
    page.click("text=I have kept them")
    expect(page.get_by_text("Recovery codes left: 10")).to_be_visible()
    for _name in tour(page, site, {"step-own": f"{USERS}/own/", "step-remove": f"{USERS}/second-step/remove/"}):  # fmt: skip
        pass
    page.context.clear_cookies()
    page.goto(f"{site}/admin/{USERS}/own/")
    page.fill("#id_username", staff.username)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#id_code")).to_be_focused()
    for _name in tour(page, site, {"step-ask": f"{USERS}/own/"}):
        expect(page.locator("#id_code")).to_be_visible()
    page.fill("#id_code", soon)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/admin/{USERS}/own/")
    assert SecondStep.objects.get().recovery_codes.count() == 10
    page.context.clear_cookies()
    page.goto(f"{site}/admin/")
    page.fill("#id_username", staff.username)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.fill("#id_code", recovery)
    page.keyboard.press("Enter")
    expect(page.get_by_text("9 are left")).to_be_visible()
    assert complaints == []


def test_sessions_are_seen_and_ended(
    signed_in: Page, site: str, staff: User, complaints: list[str]
) -> None:
    page = signed_in
    assert page.context.browser
    elsewhere = page.context.browser.new_context()
    other = elsewhere.new_page()
    other.goto(f"{site}/admin/{USERS}/own/")
    other.fill("#id_username", staff.username)
    other.fill("#id_password", PASSWORD)
    other.keyboard.press("Enter")
    expect(other.get_by_text("Your sessions")).to_be_visible()
    dave = User.objects.create_user("dave", is_staff=True)
    [row] = StaffSession.objects.exclude(session_key=key_of(page))
    places = {
        "sessions-own": f"{USERS}/own/",
        "sessions-end": f"{USERS}/own/sessions/{row.pk}/end/",
        "sessions-none": f"{USERS}/{dave.pk}/sessions",
    }
    for _name in tour(page, site, places):
        pass
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.goto(f"{site}/admin/{USERS}/own/")
    page.get_by_role("link", name="End", exact=True).click()
    page.click("button:has-text('End it') >> visible=true")
    expect(page.get_by_text("Ended 1 session.")).to_be_visible()
    other.reload()
    expect(other.locator("#id_password")).to_be_visible()
    elsewhere.close()
    assert complaints == []


def key_of(page: Page) -> str:
    """Return the key of a page's session."""
    return next(one["value"] for one in page.context.cookies() if one["name"] == "sessionid")
