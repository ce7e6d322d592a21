"""The list of tasks as staff use it: ticked and canceled, looked at as pictures, filtered by their own clock."""

import pytest
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.life.bulk_cancels import cancel_asked
from generation.models import Account, Task
from generation.work.run import run_queue
from tests.browser.tour import shoot, tour, wait_for


@pytest.fixture
def orders(alice: APIClient, stub: Account) -> list[Task]:
    """Two that were delivered, one that failed, and two that wait."""
    bodies: list[dict[str, object]] = [
        {"prompt": "a red star over the sea, painted in oil on old wood", "num_images": 4},
        {"prompt": "a blue circle"},
        {"prompt": "stub:fail"},
    ]
    for body in bodies:
        order(alice, body)
        run_queue("local")
    return [order(alice, {"prompt": f"{number} moons"}) for number in range(2)]


def order(alice: APIClient, body: dict[str, object]) -> Task:
    answer = alice.post("/api/v1/generate", body | {"seed": 7}, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))


def test_ticked_tasks_are_canceled_after_a_look(
    signed_in: Page, site: str, orders: list[Task], complaints: list[str]
) -> None:
    page = signed_in
    page.goto(f"{site}/admin/generation/task/?gallery=1&state__exact=pending")
    boxes = page.locator("input.action-select")
    expect(boxes).to_have_count(2)
    boxes.first.check()
    page.select_option("select[name=action]", "cancel_ticked")
    page.click("#changelist-actions button[type=submit]")
    expect(page.locator(".hub-question")).to_contain_text("1 ticked task")
    shoot(page, "cancel-preview-en-1360")
    page.fill("textarea[name=reason]", "The customer called and asked for it.")
    page.click("button:has-text('Cancel 1 tasks')")
    expect(page.locator("#progress")).to_have_attribute("aria-valuenow", "0")
    assert cancel_asked() == 1
    # The page looks again by itself.
    wait_for(page, "() => document.querySelector('#progress')?.ariaValueNow === '100'")
    shoot(page, "bulk-cancel-en-1360")
    assert sorted(Task.objects.filter(pk__in=[t.pk for t in orders]).values_list("state", flat=True)) == ["canceled", "pending"]  # fmt: skip
    assert complaints == []


def test_pictures_open_in_large_and_lead_to_their_task(
    signed_in: Page, site: str, orders: list[Task], complaints: list[str]
) -> None:
    page = signed_in
    page.goto(f"{site}/admin/generation/task/")
    page.click("text=As pictures")
    links = page.locator(".hub-gallery a[data-picture]")
    expect(links).to_have_count(5)
    links.first.click()
    expect(page.locator("#lightbox")).to_be_visible()
    wait_for(
        page, "() => document.querySelector('#lightbox [data-part=stage] img')?.naturalWidth > 0"
    )
    page.click("#lightbox [data-part=page]")
    expect(page).to_have_url(
        f"{site}/admin/generation/task/{Task.objects.get(spec__prompt='a blue circle').pk}/change/"
    )
    assert complaints == []


def test_times_are_asked_for_in_a_form(signed_in: Page, site: str, orders: list[Task]) -> None:
    page = signed_in
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/generation/task/?state__exact=pending")
    page.click("#changelist a:has-text('Filters')")
    page.fill("#changelist-filter input[name=since]", "2020-01-02T03:04")
    shoot(page, "filters-en-1280")
    page.locator("#changelist-filter form:has(input[name=since]) button").click()
    expect(page.locator("#result_list tbody")).to_have_count(2)
    assert "created_at__gte=2020-01-02T03%3A04%3A00%2B00%3A00" in page.url
    assert "state__exact=pending" in page.url


def test_pages_fit_in_both_languages(
    signed_in: Page, site: str, orders: list[Task], complaints: list[str]
) -> None:
    places = {
        "tasks": "generation/task/",
        "gallery": "generation/task/?gallery=1",
        "cancel": "generation/task/cancel_all?state__exact=pending",
    }
    seen = list(tour(signed_in, site, places))
    assert len(seen) == 4 * len(places)
    assert complaints == []
