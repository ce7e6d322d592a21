"""Staff give a provider its key in a real browser, see it never again, and try it."""

from playwright.sync_api import Page, expect
from pytest_django import Settings

from generation.models import Account, AccountKey
from tests.admin.test_account_deeds import GOOD, respond
from tests.providers.vendors.server import Server


def test_key_is_written_and_tried(
    signed_in: Page, site: str, settings: Settings, complaints: list[str]
) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    page = signed_in
    with Server(respond).running() as server:
        page.goto(f"{site}/admin/generation/account/add/")
        page.fill("#id_alias", "vendor")
        page.select_option("#id_adapter", "openai")
        page.fill("#id_base_url", f"{server.url}/v1")
        page.fill("#id_keys-0-secret", GOOD)
        page.click("text=Add another >> visible=true")
        page.fill("#id_keys-1-secret", "sk-other-0123456789")
        page.click("button:has-text('Save and continue editing')")
        page.wait_for_url(f"{site}/admin/generation/account/*/change/")
        assert GOOD not in page.content()
        assert [key.secret() for key in AccountKey.objects.all()] == [GOOD, "sk-other-0123456789"]
        assert Account.objects.get().queue == "remote"
        page.click("a[href$='/try_it/'] >> visible=true")
        page.click(".hub-question button[type=submit]")
        expect(page.locator(".hub-section")).to_contain_text("the vendor refuses the key")
        expect(page.locator(".hub-section")).to_contain_text("…wxyz")
        assert GOOD not in page.content()
    assert complaints == []
