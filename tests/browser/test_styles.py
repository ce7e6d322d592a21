"""Staff draw the preview sheet of a style and watch it fill; a platform is bound to the styles of its brand."""

from playwright.sync_api import FilePayload, Page, expect

from generation.models import Account
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from templates.models import Style
from templates.services import seed_styles
from templates.sheets import PROMPTS
from tests.api.album import encode, picture
from tests.browser.tour import shoot, tour

HOSTILE = "<img src=x onerror=alert(1)>"


def test_sheet_of_a_style_is_drawn_and_followed_to_its_end(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    seed_styles()
    style = Style.objects.get(code="anime")
    Style.objects.filter(pk=style.pk).update(suffix_en=HOSTILE)
    place = f"templates/style/{style.pk}/change/"
    for _ in tour(page, site, {"sheet-ask": f"generation/task/sheet/{style.pk}/"}):
        expect(page.locator("#content button[type=submit]")).to_be_visible()
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{place}")
    page.click("a:has-text('Draw the preview sheet') >> visible=true")
    page.click("button:has-text('Draw')")
    expect(page.locator("#sheet progress")).to_have_count(len(PROMPTS))
    shoot(page, "sheet-under-way")
    # What is typed meanwhile stays: the sheet alone is read anew.
    page.fill("#id_name_en", "Cartoon")
    run_queue("local")
    expect(page.locator("#sheet img")).to_have_count(len(PROMPTS))
    expect(page.locator("#id_name_en")).to_have_value("Cartoon")
    page.locator("#sheet a[data-picture]").nth(1).click()
    expect(page.locator("#lightbox")).to_be_visible()
    expect(page.locator("#lightbox [data-part=prompt]")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    page.fill("#id_name_en", "Anime")
    for _ in tour(page, site, {"sheet": place}):
        expect(page.locator("#sheet img")).to_have_count(len(PROMPTS))
    assert complaints == []


def test_style_is_given_reference_pictures(
    signed_in: Page, site: str, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    seed_styles()
    style = Style.objects.get(code="anime")
    place, own = (
        f"templates/style/{style.pk}/change/",
        f"generation/task/style-pictures/{style.pk}/",
    )
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.goto(f"{site}/admin/{place}")
    page.click("a:has-text('Reference pictures') >> visible=true")
    trail = page.locator("nav[aria-label=Breadcrumb], #header-inner, header").first
    expect(trail).to_contain_text("Anime")
    files: list[FilePayload] = [
        {"name": f"{i}.png", "mimeType": "image/png", "buffer": encode(picture(96, 48 + 24 * i))}
        for i in range(3)
    ]
    page.set_input_files("[name=sent]", files)
    page.click("button:has-text('Add pictures')")
    expect(page.locator("a[data-picture]")).to_have_count(3)
    first, _second, third = Style.objects.get(pk=style.pk).references
    page.locator("a[data-picture]").nth(1).click()
    expect(page.locator("#lightbox")).to_be_visible()
    page.keyboard.press("Escape")
    page.fill("#id_form-0-place", "9")
    page.check("#id_form-1-goes")
    page.click("button:has-text('Save')")
    expect(page.locator("a[data-picture]")).to_have_count(2)
    assert Style.objects.get(pk=style.pk).references == [third, first]
    for _ in tour(page, site, {"references": own, "style-references": place}):
        expect(page.locator("a[data-picture]")).to_have_count(2)
    assert complaints == []


def test_platform_is_bound_to_its_brand(
    signed_in: Page, site: str, shop: Platform, complaints: list[str]
) -> None:
    page = signed_in
    seed_styles()
    place = f"platforms/platform/{shop.pk}/change/"
    for _ in tour(page, site, {"brand": place}):
        expect(page.locator("[name=styles]")).to_have_count(5)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{place}")
    page.select_option("#id_usual_style", "anime")
    page.click("[name=_save]")
    expect(page.get_by_text("Tick it among the styles of the brand, too.")).to_be_visible()
    page.get_by_label("Anime (anime)").check()
    page.click("[name=_save]")
    expect(page.locator("text=was changed successfully")).to_be_visible()
    shop.refresh_from_db()
    assert (shop.styles, shop.usual_style) == (["anime"], "anime")
    assert complaints == []
