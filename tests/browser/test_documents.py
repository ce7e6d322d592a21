"""A developer reads the documents in a real browser: in both languages, on a desk and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.tour import shoot

# The document's own address, an operation of it, what that is for in each language, and a word of its example.
PAGES = {
    "": ("post", "/api/v1/generate", ("Check, hold the credits", "检查、冻结积分"), "star"),
    "/openai": ("post", "/v1/images/generations", ("Order, wait", "下单，等待完成"), "b64_json"),
    "/replicate": ("post", "/replicate/v1/predictions", ("Order by", "按版本下单"), "num_outputs"),
    "/sdapi": ("post", "/sdapi/v1/txt2img", ("Order, wait", "下单，等待完成"), "steps"),
}


@pytest.mark.parametrize("address", PAGES)
def test_an_operation_is_read_with_its_examples(
    page: Page, site: str, complaints: list[str], address: str
) -> None:
    method, path, texts, shown = PAGES[address]
    for language, text in zip(("en", "zh-hans"), texts, strict=True):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{site}/api/docs{address}")
            operation = page.locator(f".opblock-{method}").filter(
                has=page.locator(f'[data-path="{path}"]')
            )
            operation.locator(".opblock-summary-control").click()
            expect(operation.get_by_text(text).first).to_be_visible()
            expect(operation.locator(".highlight-code", has_text=shown).first).to_be_visible()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (address, language)
            shoot(page, f"docs{address.replace('/', '-')}-{language}-{width}")
    assert complaints == []
