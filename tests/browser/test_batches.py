"""Staff reads a batch in a real browser and is asked before it is canceled, in both languages and on a phone."""

from typing import Any

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from tests.api.batches import prompts, row_of, send
from tests.browser.tour import tour


def test_batch_is_read_and_its_cancel_asked_for(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[Any]
) -> None:
    done = row_of(send(alice, orders=prompts("a yellow star", "stub:fail")))
    run_queue("local")
    orders = [*prompts(*(f"a star of {n} colours" for n in range(4))), {"prompt": "x", "width": 17}]
    row = row_of(send(alice, orders=orders, policy="some", metadata={"series": "stars"}))
    task = Task.objects.filter(batch=row).first()
    assert task
    page = signed_in
    places = {
        "batches": "generation/batch/",
        "batch": f"generation/batch/{row.pk}/change/",
        "batch-done": f"generation/batch/{done.pk}/change/",
        "batch-cancel": f"generation/batch/{row.pk}/cancel",
        "batch-task": f"generation/task/{task.pk}/change/",
    }
    assert set(tour(page, site, places)) == set(places)
    page.goto(f"{site}/admin/{places['batch-cancel']}")
    page.fill("[name=reason]", "客户来电要求取消这个批量订单。")
    page.click("button[type=submit]:has-text('取消批量订单')")
    expect(page.locator("body")).to_contain_text("已取消 4 个任务")
    assert complaints == []
