"""Every page of the admin before axe, at a desk and on a phone, in both languages; `make panel` runs these tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.template.response import SimpleTemplateResponse
from playwright.sync_api import Page

from genhub.users.models import User
from tests.admin.conftest import finished
from tests.admin.conftest import signed_in as client_of
from tests.admin.doors import list_doors
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows
from tests.browser.panel.editors import MODULES

__all__ = ["all_rows", "finished", "rows"]
EARNEST = {"serious", "critical"}
WIDTHS = (1280, 390)
# The menu is the same on every page: it is looked at once.
LOOK = """whole => axe.run(!whole && document.getElementById('main') || document, { resultTypes: ['violations'] })
    .then(found => found.violations.map(
        each => [each.impact, each.id, each.nodes.map(node => [node.target.join(' '), node.html.slice(0, 200)])]))"""


@pytest.fixture
def boss(staff: User) -> User:
    """Who looks at the pages is the person of the browser."""
    return staff


def list_pages(person: User) -> Iterator[tuple[str, str]]:
    """Yield the name and address of each door behind which there is a page."""
    client = client_of(person)
    with pytest.MonkeyPatch.context() as patch:
        # The browser is shown all of it; whether there is a page is told without.
        patch.setattr(SimpleTemplateResponse, "rendered_content", "")
        for door in list_doors(person):
            answer = client.get(door.address)
            if isinstance(answer, SimpleTemplateResponse) and answer.status_code == 200:
                yield door.name, door.address


# Some two hundred and sixty pages, each at both widths.
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_axe_finds_nothing_serious_on_any_page(
    signed_in: Page, site: str, staff: User, all_rows: None, language: str
) -> None:
    page = signed_in
    found: list[Any] = []
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    # Past the content policy, and once for all pages.
    page.add_init_script(path=MODULES / "axe-core" / "axe.min.js")
    pages = dict(list_pages(staff))
    assert len(pages) > 200
    for name, place in pages.items():
        page.goto(site + place)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [
                (name, width, rule, nodes)
                for impact, rule, nodes in page.evaluate(LOOK, name == "index")
                if impact in EARNEST
            ]
    assert not found, "\n".join(map(str, found))
