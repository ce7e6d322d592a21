"""Staff approve and reject pictures without a mouse; the page fits a desk and a phone, in both languages."""

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.models import Account
from tests.approval.made import WHY, ask_approval, draw, row_of
from tests.browser.tour import shoot, tour

DESK = "storage/reviewedpicture/"


def test_staff_decide_with_the_keyboard(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    ask_approval()
    pictures = [image["id"] for image in draw(alice, "a yellow star over the sea", num_images=4)]
    # As they stand on the page.
    pictures.sort(key=lambda picture: row_of(picture).pk)
    place = f"{DESK}{row_of(pictures[0]).pk}/"
    places = {
        "approval-desk": DESK,
        "approval-picture": f"{place}change/",
        "approval-reject": f"{place}reject/",
    }
    assert len(list(tour(page, site, places))) == 4 * len(places)

    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{DESK}")
    expect(page.locator("#result_list img")).to_have_count(4)
    # The first one is approved where it stands.
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.get_by_text("1 picture was approved")).to_be_visible()
    expect(page.locator("#result_list img")).to_have_count(3)
    # Two are rejected together; a reason that is too short is sent nowhere.
    for key in ("j", "x", "j", "x", "r"):
        page.keyboard.press(key)
    reason = page.locator("#changelist-form input[name=reason]")
    expect(reason).to_be_focused()
    page.keyboard.type("ugly")
    page.keyboard.press("Enter")
    shoot(page, "approval-keys")
    page.keyboard.type(WHY)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 pictures were rejected")).to_be_visible()
    shoot(page, "approval-after")
    states = [row_of(one).review for one in pictures]
    assert states == ["approved", "rejected", "rejected", "waiting"]
    assert row_of(pictures[1]).review_reason == f"ugly{WHY}"
    assert complaints == []
