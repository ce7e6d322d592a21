"""A member of staff comes in by the company's own sign-in, and a stranger is told that it was not enough."""

from playwright.sync_api import Page, expect
from pytest_django import Settings

from genhub.users.models import User
from tests.admin.oidc import Provider
from tests.admin.test_single_sign_on import provider
from tests.browser.tour import shoot, tour

__all__ = ["provider"]


def test_staff_come_in_by_the_companys_sign_in(
    page: Page, site: str, provider: Provider, settings: Settings, complaints: list[str]
) -> None:
    User.objects.create_user("dave", is_staff=True)
    for _name in tour(page, site, {"oidc-login": "login/"}):
        pass
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    provider.claims["preferred_username"] = "stranger"
    page.goto(f"{site}/admin/users/user/own/")
    page.click("text=Sign in with Company login")
    expect(page.get_by_text("did not sign you in here")).to_be_visible()
    shoot(page, "oidc-refused")
    provider.claims["preferred_username"] = "dave"
    page.goto(f"{site}/admin/users/user/own/")
    page.click("text=Sign in with Company login")
    page.wait_for_url(f"{site}/admin/users/user/own/")
    expect(page.get_by_text("Your sessions")).to_be_visible()
    assert complaints == []
