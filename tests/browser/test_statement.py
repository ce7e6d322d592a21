"""Staff reads a statement in a real browser: its chart is drawn, its filter works, and a budget is made from it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from credits import ledger
from credits.models import Budget, Purse
from genhub.lib.ids import new_id
from tests.browser.tour import wait_for

DRAWN = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(n => n > 0)"""


def test_a_statement_is_read_and_a_budget_made(
    signed_in: Page, site: str, rich: Callable[..., Purse], complaints: list[str]
) -> None:
    purse = rich("bob", 100)
    ledger.settle(ledger.hold(purse.pk, 40, reference=new_id()), 40)
    page = signed_in
    page.goto(f"{site}/admin/credits/purse/{purse.pk}/change/")
    wait_for(page, f"({DRAWN})(document.querySelector('canvas.chart'))")
    expect(page.locator("#statement tbody tr")).to_have_count(3)

    page.select_option("#id_kind", "hold")
    page.click("#statement button[type=submit]")
    expect(page.locator("#statement tbody tr")).to_have_count(1)
    expect(page.locator("#statement")).to_contain_text("−40")
    with page.expect_download() as download:
        page.click("text=Download as CSV")
    assert len(download.value.path().read_text().splitlines()) == 2

    page.click("text=Add a budget")
    expect(page.locator(".select2-selection__rendered[id*=purse]")).to_contain_text("bob @ Shop")
    page.select_option("#id_period", "day")
    page.fill("#id_most", "250")
    page.click("button[name=_save]")
    expect(page.locator("#result_list")).to_contain_text("0 / 250")
    assert Budget.objects.get().purse == purse
    assert complaints == []
