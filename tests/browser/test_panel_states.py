"""Every state of the panel in both languages, on a desk and a phone, light and dark: each can be told, fits, is kept to
be looked at, and does what its control says."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from generation.life.claims import Claim, heartbeat
from generation.models import Task
from tests.browser.apps import AppServer
from tests.browser.test_panel import draw, editor
from tests.browser.tour import shoot
from tests.steps import claim

__all__ = ["editor"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]
SOURCE = Path(__file__).parents[2] / "genhub/panel/src/words.ts"
WORD = re.compile(r'^  (\w+): \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\]', re.MULTILINE)
WORDS = {name: (en, zh) for name, en, zh in WORD.findall(SOURCE.read_text())}


@dataclass(frozen=True)
class View:
    """Who looks: the language, the width of the screen in pixels, and whether it is dark."""

    name: str
    language: str
    width: int
    is_dark: bool

    def say(self, word: str, **values: str) -> str:
        """Return a word of the panel, as it is said here."""
        en, zh = WORDS[word]
        text: str = zh if self.language.startswith("zh") else en
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text


VIEWS = [
    View("desk-en", "en", 1360, is_dark=False),
    View("desk-zh-dark", "zh-Hans", 1360, is_dark=True),
    View("phone-en-dark", "en", 390, is_dark=True),
    View("phone-zh", "zh-Hans", 390, is_dark=False),
]


def open_view(page: Page, app: AppServer, view: View) -> Callable[[str], None]:
    """Open the page as this one looks at it, and return what keeps a state: none is wider than the screen."""
    app.page = app.page.replace('lang="en"', f'lang="{view.language}"')
    page.set_viewport_size({"width": view.width, "height": 900})
    page.emulate_media(color_scheme="dark" if view.is_dark else "light")
    page.goto(app.origin)

    def keep(state: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= view.width, state
        shoot(page, f"panel-{state}-{view.name}")

    keep("0-page")
    return keep


def preview() -> bytes:
    """Return a small JPEG of a picture under way."""
    buffer = io.BytesIO()
    Image.new("RGB", (48, 48), "teal").save(buffer, "JPEG")
    return buffer.getvalue()


def fill_in(dialog: Locator, view: View, keep: Callable[[str], None]) -> None:
    """Be refused without words, then choose all that there is to choose."""
    say = view.say
    keep("1-empty")
    dialog.get_by_role("button", name=say("start")).click()
    expect(dialog.get_by_text(say("descriptionMissing"))).to_be_visible()
    keep("2-missing")
    dialog.get_by_label(say("description")).fill("a yellow star")
    dialog.get_by_role("radio", name="2", exact=True).check()
    dialog.get_by_role("radio", name=say("fast")).check()
    dialog.get_by_label(say("size"), exact=True).select_option(index=2)
    dialog.get_by_text(say("more"), exact=True).click()
    dialog.get_by_label(say("seed")).fill("77")
    keep("3-form")


def have_drawn(dialog: Locator, view: View, keep: Callable[[str], None]) -> Claim:
    """Wait in the queue, see a preview, and get both pictures."""
    region = dialog.get_by_role("region", name="a yellow star")
    expect(region.get_by_text(view.say("queued", position="1"))).to_be_visible()
    keep("4-queued")
    found = claim()
    heartbeat(found, progress=0.4, preview=preview())
    expect(region.locator(".awaited img").first).to_have_js_property("naturalWidth", 48)
    expect(region.get_by_text(view.say("drawing", percent="40"))).to_be_visible()
    keep("5-drawing")
    draw(found)
    expect(region.locator(".pick img")).to_have_count(2)
    keep("6-drawn")
    return found


def look(page: Page, dialog: Locator, view: View, keep: Callable[[str], None]) -> None:
    """Choose one, enlarge it, and begin to edit it."""
    say = view.say
    dialog.locator(".pick").first.click()
    expect(dialog.get_by_label(say("alt"))).to_have_value("a yellow star")
    keep("7-chosen")
    dialog.get_by_role("button", name=say("enlarge")).first.click()
    expect(page.get_by_role("dialog", name=say("enlarge"))).to_be_visible()
    keep("8-enlarged")
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name=say("edit"), exact=True).first.click()
    expect(page.get_by_role("dialog", name=say("edit"))).to_be_visible()
    keep("9-edit")
    page.keyboard.press("Escape")


def have_refined(dialog: Locator, view: View, keep: Callable[[str], None]) -> Claim:
    """Have the first made again in the fine mode; it costs something, so that is asked first."""
    say = view.say
    dialog.get_by_role("button", name=say("refine"), exact=True).first.click()
    expect(dialog.get_by_text(say("refineMeans"))).to_be_visible()
    keep("10-refine")
    dialog.get_by_role("button", name=re.compile(f"^{say('refine')} · ")).click()
    expect(dialog.locator(".awaited")).to_have_count(1)
    found = claim()
    draw(found)
    expect(dialog.locator(".pick img")).to_have_count(3)
    return found


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_each_state_is_told_and_fits(opened: Page, editor: AppServer, view: View) -> None:
    page, say = opened, view.say
    keep = open_view(page, editor, view)
    page.get_by_role("button", name=say("open")).first.click()
    dialog = page.get_by_role("dialog", name=say("title"))
    expect(dialog.locator(".pay strong")).to_be_visible()
    fill_in(dialog, view, keep)
    dialog.get_by_role("button", name=say("start")).click()
    spec = have_drawn(dialog, view, keep).spec
    assert (spec.mode, spec.number, spec.seeds[0]) == ("fast", 2, 77)
    assert spec.width != spec.height
    look(page, dialog, view, keep)
    finer = have_refined(dialog, view, keep).spec
    assert (finer.mode, finer.seeds) == ("fine", spec.seeds[:1])
    # By now it is known how long such an order takes.
    dialog.get_by_label(say("description")).fill("a blue star")
    expect(dialog.locator(".pay")).to_contain_text(say("usually", time="").strip())
    keep("11-refined")
    dialog.get_by_role("button", name=say("favourite"), exact=True).first.click()
    dialog.get_by_role("button", name=say("favourites"), exact=True).click()
    keep("12-favourites")
    assert Task.objects.count() == 2
    assert editor.reports == []
