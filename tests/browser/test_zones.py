"""A member of staff chooses a time zone, and reads the times of every page in it, with UTC beside."""

from datetime import UTC, datetime

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.models import Account, Task
from tests.browser.tour import tour


def test_times_are_read_in_a_zone_that_was_chosen(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[str]
) -> None:
    page = signed_in
    alice.post("/api/v1/generate", {"prompt": "a star"}, format="json")
    Task.objects.update(created_at=datetime(2026, 3, 1, 18, 30, 15, tzinfo=UTC))
    own, task = "users/user/own/", f"generation/task/{Task.objects.get().pk}/change/"
    page.goto(f"{site}/admin/{own}")
    page.select_option("#id_time_zone", "Asia/Shanghai")
    page.click("button:has-text('Save') >> visible=true")
    expect(page.get_by_text("Saved.")).to_be_visible()
    for name in tour(page, site, {"own": own, "task-zone": task}):
        if name == "task-zone":
            expect(page.get_by_text("2026-03-02 02:30:15").first).to_be_visible()
    assert complaints == []
