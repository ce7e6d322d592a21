"""A model described by hand in a real browser: refused at the wrong line, mended, saved, and listed."""

from playwright.sync_api import Page, expect

from generation.models import Account, Offer


def test_model_is_refused_mended_and_listed(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    Account.objects.create(alias="local", adapter="local", queue="local")
    page.goto(f"{site}/admin/generation/offer/add/")
    page.fill("#id_alias", "liujuan-2")
    page.select_option("#id_account", label="local")
    page.fill("#id_folder", "/models/Z-Image")
    page.fill("#id_weights", "/models/liujuan.safetensors\nliujuan.safetensors")
    page.fill("#id_sizes", "512x512\n768 × 512")
    page.click("button[name=_save]")
    expect(page.get_by_text("Line 2: Write the whole path, from the root on.")).to_be_visible()
    expect(page.locator("#id_sizes")).to_have_value("512x512\n768 × 512")
    page.fill("#id_weights", "/models/liujuan.safetensors")
    page.click("button[name=_save]")
    page.wait_for_url(f"{site}/admin/generation/offer/")
    row = page.locator("tr", has_text="liujuan-2")
    expect(row).to_contain_text("512×512")
    assert Offer.objects.get(alias="liujuan-2").sizes == [[512, 512], [768, 512]]
    assert complaints == []
