"""Staff say in a real browser what serves a name; a developer reads the dialect's own page."""

from playwright.sync_api import Page, expect

from generation.accounts.other_names import seed_other_names
from generation.models import Account, Offer, OtherName
from tests.browser.tour import shoot, tour


def test_a_name_is_mapped_to_a_model(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    seed_other_names()
    Offer.objects.create(account=stub, alias="z-image-turbo")
    page.goto(f"{site}/admin/generation/othername/")
    page.get_by_role("link", name="dall-e-3").click()
    page.select_option("#id_model", label="z-image-turbo")
    shoot(page, "other-name")
    page.click("button[name=_save]")
    page.wait_for_url(f"{site}/admin/generation/othername/")
    expect(page.locator("tr", has_text="dall-e-3")).to_contain_text("z-image-turbo")
    assert OtherName.objects.get(name="dall-e-3").model == "z-image-turbo"
    for _ in tour(page, site, {"other-names": "generation/othername/"}):
        pass
    doors = {"openai": "/v1/images/edits", "sdapi": "/sdapi/v1/txt2img", "replicate": "/v1/files"}
    for dialect, door in doors.items():
        page.goto(f"{site}/api/docs/{dialect}")
        expect(page.get_by_text(door).first).to_be_visible()
        shoot(page, f"{dialect}-docs")
    assert complaints == []
