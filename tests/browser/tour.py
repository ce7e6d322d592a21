"""Pages of the admin as staff sees them: in both languages, on a desk and on a phone."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Page


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


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
