"""The handbook in a real browser: nothing is refused, and a phone shows each page without moving sideways."""

import pytest
from playwright.sync_api import Page

from genhub.handbook.rendering import SUBJECTS

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_raises_no_complaint(
    page: Page, site: str, complaints: list[str], language: str, scheme: str
) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict is one of its two numbers
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its two words
    papers = set()
    for path in ("", *(f"{subject}/" for subject in SUBJECTS)):
        page.goto(f"{site}/handbook/{path}?lang={language}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert papers == {"rgb(17, 22, 29)" if scheme == "dark" else "rgb(255, 255, 255)"}
    assert complaints == []


def test_the_way_through_the_handbook(page: Page, site: str, complaints: list[str]) -> None:
    page.goto(f"{site}/handbook/?lang=en")
    walked = [page.locator("h1").inner_text()]
    while page.locator("a[rel=next]").count():
        with page.expect_navigation():
            page.click("a[rel=next]")
        walked.append(page.locator("h1").inner_text())
    assert walked == page.locator("nav.subjects a").all_inner_texts()
    page.click("header a:has-text('简体中文')")
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    page.click("nav.subjects a:has-text('下单出图')")
    assert page.locator("h1").inner_text() == "下单出图"
    page.click("nav.contents a:has-text('拒绝')")
    assert page.evaluate("document.querySelector(':target').textContent") == "拒绝"
    assert complaints == []
