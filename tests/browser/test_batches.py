"""Staff reads a batch in a real browser and is asked before it is canceled, in both languages and on a phone."""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from tests.api.batches import prompts, row_of, send


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


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
    for language in ("en", "zh-hans"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            for name, place in places.items():
                page.goto(f"{site}/admin/{place}")
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (name, language)
                shoot(page, f"{name}-{language}-{width}")
    page.goto(f"{site}/admin/{places['batch-cancel']}")
    page.fill("[name=reason]", "客户来电要求取消这个批量订单。")
    page.click("button[type=submit]:has-text('取消批量订单')")
    expect(page.locator("body")).to_contain_text("已取消 4 个任务")
    assert complaints == []
