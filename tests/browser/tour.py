"""Pages of the admin as staff sees them: in both languages, on a desk and on a phone."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Error, Page

from tests.faults.processes import wait_until


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def wait_for(page: Page, fact: str, usual_seconds: float = 20) -> None:
    """Wait until JavaScript finds a fact true of the page.

    Playwright's own wait looks again from inside the page, where a content policy forbids to evaluate text: it fails
    wherever the fact is not there at once. Asked from outside, each look is the debugger's, which is allowed to.
    """

    def is_so() -> bool:
        try:
            return bool(page.evaluate(fact))
        except Error as error:
            if "context was destroyed" not in error.message:
                raise
            return False  # another page is being opened: it is asked the next time

    wait_until(is_so, usual_seconds, fact)


def tour(page: Page, site: str, places: Mapping[str, str]) -> Iterator[str]:
    """Open each place of the admin, Chinese last, and yield its name; none may be wider than the screen."""
    for language in ("en", "zh-hans"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            for name, place in places.items():
                page.goto(f"{site}/admin/{place}")
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (name, language)
                shoot(page, f"{name}-{language}-{width}")
                yield name
