"""What editors do in the panel besides ordering: begin with a picture, keep choices, compare, vary, refine, save, and
meet refusals in words."""

import base64
from collections.abc import Callable

import pytest
from django.db.models.functions import Now
from playwright.sync_api import Locator, Page, expect

from credits.models import Purse
from generation.models import Offer, Preferences, Task
from genhub.platforms.models import ApiKey
from storage import descriptions
from storage.models import Artifact
from tests.browser.apps import AppServer
from tests.browser.test_panel import draw, editor, open_panel
from tests.browser.test_panel_states import View
from tests.browser.tour import shoot
from tests.providers.vendors.contract import picture
from tests.steps import claim

__all__ = ["editor"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]
# A picture as a mouse or the clipboard brings it.
BRING = """
([kind, bytes]) => {
  const transfer = new DataTransfer();
  const data = Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0));
  transfer.items.add(new File([data], "brought.png", { type: "image/png" }));
  const root = document.querySelector("genhub-panel").shadowRoot;
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true });
  root.querySelector(kind === "drop" ? ".reference" : "textarea").dispatchEvent(event);
}
"""


def order(dialog: Locator, text: str, number: str = "1") -> Task:
    """Order so many pictures, and have them drawn."""
    dialog.get_by_label("Describe the picture").fill(text)
    dialog.get_by_role("radio", name=number, exact=True).check()
    dialog.get_by_role("button", name="Generate").click()
    region = dialog.get_by_role("region", name=text)
    expect(region.locator(".awaited")).to_have_count(int(number))
    draw(claim())
    expect(region.locator(".pick img")).to_have_count(int(number))
    return Task.objects.latest("id")


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_picture_that_is_brought_is_what_the_order_begins_with(
    opened: Page, editor: AppServer, kind: str
) -> None:
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    page.evaluate(BRING, [kind, base64.b64encode(picture()).decode()])
    expect(dialog.locator(".reference img")).to_have_js_property("complete", value=True)
    expect(dialog.get_by_label("How much is drawn anew")).to_be_visible()
    if kind == "drop":
        shoot(page, "panel-reference")
    task = order(dialog, "the same in blue")
    upload = Artifact.objects.get(key__startswith="uploads/")
    assert task.spec["image"] == f"art_{upload.pk.hex}"
    dialog.get_by_role("button", name="Remove the picture").click()
    assert not order(dialog, "without one").spec["image"]
    assert editor.reports == []


def test_picture_of_the_article_is_asked_for_by_its_address(
    opened: Page, editor: AppServer
) -> None:
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    page.evaluate("document.querySelector('genhub-panel').useReference('https://127.0.0.1/a.png')")
    expect(dialog.get_by_text("https://127.0.0.1/a.png")).to_be_visible()
    dialog.get_by_label("Describe the picture").fill("the same in blue")
    dialog.get_by_role("button", name="Generate").click()
    # The hub itself asks for it, and says why it does not.
    expect(dialog.get_by_role("alert")).to_contain_text("address")
    assert not Task.objects.exists()
    assert editor.reports == []


def test_usual_choices_are_kept_and_suggested(opened: Page, editor: AppServer) -> None:
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    styles = dialog.get_by_role("group", name="Style")
    first = styles.get_by_role("radio").nth(1)
    name = str(first.get_attribute("value"))
    first.check()
    dialog.get_by_text("More", exact=True).click()
    dialog.get_by_role("textbox", name="Not in the picture").fill("people")
    dialog.get_by_label("Keep these as my usual choices").check()
    order(dialog, "a star", "2")
    kept = Preferences.objects.get().words
    assert (kept["num_images"], kept["style_preset"], kept["negative_prompt"]) == (2, name, "people")  # fmt: skip
    page.reload()
    dialog = open_panel(page)
    expect(dialog.get_by_role("radio", name="2", exact=True)).to_be_checked()
    chosen = dialog.get_by_role("group", name="Style").get_by_role("radio", checked=True)
    expect(chosen).to_have_value(name)
    # What this user keeps stands first, with a star.
    expect(dialog.get_by_role("group", name="Style").get_by_text("★")).to_have_count(1)
    dialog.get_by_text("More", exact=True).click()
    expect(dialog.get_by_role("textbox", name="Not in the picture")).to_have_value("people")


def test_pictures_are_compared_saved_varied_refined_and_drawn_anew(
    opened: Page, editor: AppServer
) -> None:
    page = opened
    page.set_viewport_size({"width": 1360, "height": 900})
    page.goto(editor.origin)
    dialog = open_panel(page)
    task = order(dialog, "a yellow star", "2")
    for number in range(2):
        dialog.locator(".pick").nth(number).click()
    dialog.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("dialog", name="Enlarge").locator("img")).to_have_count(2)
    shoot(page, "panel-compare")
    page.keyboard.press("Escape")
    with page.expect_download() as saved:
        dialog.locator(".pick").nth(1).click()
        dialog.get_by_role("button", name="Download").click()
    first = task.outputs.get(position=0).artifact
    assert first is not None
    assert saved.value.suggested_filename.startswith(f"art_{first.pk.hex}.")
    dialog.get_by_role("button", name="Vary", exact=True).click()
    expect(dialog.locator(".reference img")).to_have_js_property("complete", value=True)
    varied = order(dialog, "a green star")
    assert varied.spec["image"] == f"art_{first.pk.hex}"
    dialog.get_by_role("region", name="a yellow star").get_by_role(
        "button", name="Draw anew"
    ).click()
    expect(dialog.locator(".awaited")).to_have_count(2)
    anew = claim()
    assert (anew.spec.prompt, anew.spec.image) == ("a yellow star", "")
    draw(anew)
    expect(dialog.locator(".awaited")).to_have_count(0)
    assert editor.reports == []


def test_better_words_that_came_meanwhile_are_proposed_and_written_ones_stay(
    opened: Page, editor: AppServer
) -> None:
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    task = order(dialog, "a star", "2")
    outputs = [output.artifact for output in task.outputs.order_by("position")]
    for artifact, words in zip(outputs, ("A fox <b>in</b> snow.", "A second fox."), strict=True):
        assert artifact
        descriptions.describe(artifact.pk, words)
    alt = dialog.get_by_label("Alternative text")
    dialog.locator(".pick").first.click()
    expect(alt).to_have_value("A fox <b>in</b> snow.")
    dialog.locator(".pick").nth(1).click()
    dialog.get_by_role("button", name="Insert").click()
    expect(page.locator("figure img")).to_have_count(2)
    for figure, words in zip(page.locator("figure img").all(), ("A fox <b>in</b> snow.", "A second fox."), strict=True):  # fmt: skip
        expect(figure).to_have_attribute("alt", words)
    assert editor.reports == []


def meet(dialog: Locator, title: str, advice: str) -> None:
    """Order, and be refused in words."""
    dialog.get_by_label("Describe the picture").fill("a star")
    dialog.get_by_role("button", name="Generate").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text(title)
    expect(alert).to_contain_text(advice)


def test_too_many_requests_are_said_with_the_time_to_wait(opened: Page, editor: AppServer) -> None:
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    order(dialog, "a star")
    ApiKey.objects.update(writes_per_minute=1)
    order(dialog, "a moon")
    meet(
        dialog,
        "Too many requests",
        "Wait until some of your pictures are done, then try again. Try again in",
    )
    shoot(page, "panel-too-many")
    assert Task.objects.count() == 2
    assert editor.reports == []


@pytest.mark.parametrize(
    ("language", "title", "advice"),
    [
        ("en", "stopped", "Your pictures stay. Ask your administrator"),
        ("zh-Hans", "停用", "如需恢复下单，请联系管理员"),
    ],
)
def test_who_was_stopped_is_told_whom_to_ask(
    opened: Page, editor: AppServer, language: str, title: str, advice: str
) -> None:
    editor.page = editor.page.replace('lang="en"', f'lang="{language}"')
    say = View("stopped", language, 1280, is_dark=False).say
    opened.goto(editor.origin)
    dialog = open_panel(opened, name=say("title"))
    Purse.objects.update(stopped_at=Now())
    dialog.get_by_label(say("description")).fill("a star")
    dialog.get_by_role("button", name=say("start")).click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text(title)
    expect(alert).to_contain_text(advice)
    shoot(opened, f"panel-stopped-{language}")
    assert Task.objects.count() == 0
    assert editor.reports == []


def test_model_that_went_away_is_said(opened: Page, editor: AppServer) -> None:
    page = opened
    page.goto(editor.origin)
    dialog = open_panel(page)
    Offer.objects.update(is_enabled=False)
    meet(dialog, "model", "")
    shoot(page, "panel-no-model")
    assert not Task.objects.exists()


def test_page_whose_server_gives_no_token_says_so_and_keeps_what_was_written(
    opened: Page, editor: AppServer, rich: Callable[..., Purse]
) -> None:
    page, mint = opened, editor.mint
    editor.mint = dict
    page.goto(editor.origin)
    page.get_by_role("button", name="AI picture").first.click()
    dialog = page.get_by_role("dialog", name="AI picture")
    expect(dialog.get_by_role("alert")).to_contain_text("no access to the picture hub")
    expect(dialog.get_by_role("alert")).to_contain_text("Sign in again in another tab")
    shoot(page, "panel-no-token")
    editor.mint = mint
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.locator(".pay strong")).to_be_visible()
    assert editor.reports == []
