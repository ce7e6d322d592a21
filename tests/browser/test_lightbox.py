"""Pictures in large: by mouse and keyboard, with zoom, prompt and download; links that expired are read anew."""

import re
from typing import Any

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.admin.dashboard import REFRESH_SECONDS
from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from storage.models import Artifact
from tests.browser.tour import shoot, wait_for

HOSTILE = "<img src=x onerror=alert(1)>"
VIEW = "#lightbox [data-part=stage] img"
IS_DRAWN = f"() => document.querySelector('{VIEW}')?.naturalWidth > 0"


def make(alice: APIClient, number: int = 3) -> Task:
    words = {"prompt": HOSTILE, "seed": 7, "num_images": number}
    made = alice.post("/api/v1/generate", words, format="json").json()
    run_queue("local")
    return Task.objects.get(pk=made["id"].removeprefix("task_"))


def counted(page: Page) -> Any:
    return expect(page.locator("#lightbox [data-part=count]"))


def test_pictures_are_seen_in_large_by_keyboard(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    page, task = signed_in, make(alice)
    page.goto(f"{site}/admin/generation/task/{task.pk}/change/")
    links = page.locator("a[data-picture]")
    expect(links).to_have_count(3)
    links.nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lightbox")).to_be_visible()
    counted(page).to_have_text("2 / 3")
    wait_for(page, IS_DRAWN)
    expect(page.locator("#lightbox [data-part=prompt]")).to_have_text(HOSTILE)
    shoot(page, "lightbox-en-1360")
    for key, place in (("ArrowRight", "3 / 3"), ("ArrowRight", "1 / 3"), ("ArrowLeft", "3 / 3")):
        page.keyboard.press(key)
        counted(page).to_have_text(place)
    wait_for(page, IS_DRAWN)
    page.keyboard.press("z")
    expect(page.locator("#lightbox [data-part=zoom]")).to_have_attribute("aria-pressed", "true")
    # Focus stays inside, however often it is moved on.
    for _ in range(12):
        page.keyboard.press("Tab")
        inside = "() => !document.activeElement.closest('main, #nav-sidebar')"
        assert page.evaluate(inside) or page.evaluate("() => !!document.activeElement.closest('#lightbox')")  # fmt: skip
    with page.expect_download() as saved:
        page.click("#lightbox [data-part=download]")
    assert re.fullmatch(r"art_[0-9a-f]{32}\.\w+", saved.value.suggested_filename)
    page.keyboard.press("Escape")
    expect(page.locator("#lightbox")).not_to_be_visible()
    assert page.evaluate("() => document.activeElement.matches('a[data-picture]')")
    assert complaints == []


def test_links_that_expired_are_read_anew(
    signed_in: Page, site: str, alice: APIClient, stub: Account
) -> None:
    page, task = signed_in, make(alice, 2)
    page.goto(f"{site}/admin/generation/task/{task.pk}/change/")
    # As if the page had been open for an hour.
    page.evaluate(
        "() => document.querySelectorAll('a[data-picture]').forEach(a => { a.dataset.large += '0'; a.dataset.download += '0' })"
    )
    page.locator("a[data-picture]").first.click()
    wait_for(page, IS_DRAWN)
    with page.expect_download() as saved:
        page.click("#lightbox [data-part=download]")
    assert saved.value.path().stat().st_size > 0
    # One that is gone for good is asked for once more, and no more.
    Artifact.objects.update(key="outputs/gone.png")
    page.keyboard.press("ArrowRight")
    counted(page).to_have_text("2 / 2")


def test_lists_lead_on_to_the_task_and_phones_see_all_of_it(
    signed_in: Page, site: str, alice: APIClient, stub: Account, shop: Platform, complaints: list[str]
) -> None:  # fmt: skip
    page, task = signed_in, make(alice)
    Platform.objects.update(asks_approval=True)
    Artifact.objects.update(review="waiting")
    page.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": site}])
    page.set_viewport_size({"width": 390, "height": 800})
    places = (
        "", "generation/task/customers/?platform=shop&user=alice", "storage/reviewedpicture/",
        f"generation/task/{task.pk}/refund/",
    )  # fmt: skip
    for number, place in enumerate(places):
        page.goto(f"{site}/admin/{place}")
        # The whole of a row's card is its picture's link.
        row = ".hub-card" if place.startswith("storage/") else "a[data-picture]"
        page.locator(row).first.click()
        counted(page).to_have_text("1 / 3")
        wait_for(page, IS_DRAWN)
        assert page.evaluate("() => document.querySelector('#lightbox').scrollWidth") <= 390
        close = page.locator("#lightbox [data-part=close]")
        expect(close).to_be_in_viewport()
        shoot(page, f"lightbox-{number}-zh-390")
        # No key of the desk behind decides anything.
        page.keyboard.press("a")
        close.click()
        expect(page.locator("#lightbox")).not_to_be_visible()
    assert not Artifact.objects.exclude(review="waiting").exists()
    page.goto(f"{site}/admin/{places[1]}")
    page.locator("a[data-picture]").first.click()
    page.click("#lightbox [data-part=page]")
    page.wait_for_url(f"{site}/admin/generation/task/{task.pk}/change/")
    assert complaints == []


def test_stored_picture_opens_in_large_on_its_own_page(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    make(alice, 1)
    page.goto(f"{site}/admin/storage/artifact/{Artifact.objects.get().pk}/change/")
    page.locator("a[data-picture]").focus()
    page.keyboard.press("Enter")
    counted(page).to_have_text("1 / 1")
    wait_for(page, IS_DRAWN)
    expect(page.locator("#lightbox [data-part=page]")).to_be_hidden()
    expect(page.locator("#lightbox [data-part=download]")).to_be_visible()
    shoot(page, "lightbox-artifact-en-1360")
    assert complaints == []


def test_overview_reads_itself_anew(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    page.clock.install()
    page.goto(f"{site}/admin/")
    expect(page.locator("#followed")).to_contain_text("There are no pictures yet.")
    make(alice, 1)
    page.clock.fast_forward(1000 * (REFRESH_SECONDS + 1))
    expect(page.locator("#followed a[data-picture]")).to_have_count(1)
    assert complaints == []
