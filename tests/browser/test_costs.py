"""Staff reads the page of costs in a real browser: its chart is drawn, and a number leads to its orders."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from playwright.sync_api import Page, expect

from credits.models import Purse
from generation.models import Account, Attempt
from tests.browser.tour import wait_for
from tests.paid_orders import pay

DRAWN = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(n => n > 0)"""


def test_costs_are_read_and_followed_to_their_orders(
    signed_in: Page, site: str, stub: Account, rich: Callable[..., Purse], complaints: list[Any]
) -> None:
    known, unknown = pay(rich("bob", 1000), stub, 2)
    Attempt.objects.filter(task=known).update(cost_usd=Decimal("0.25"))
    page = signed_in
    page.goto(f"{site}/admin/generation/costs/")
    wait_for(page, f"({DRAWN})(document.querySelector('canvas.chart'))")
    expect(page.locator("#costs .hub-figures")).to_contain_text("0.25")
    expect(page.locator("#result_list tbody tr")).to_have_count(2)

    page.click("text=1 order of unknown price")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text(str(unknown))
    page.click("text=last 7 days")
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    assert complaints == []
    page.click(f"#result_list >> text={known}")
    expect(page.locator("body")).to_contain_text("0.25")
