"""Staff gather pictures, watch a training go on by itself to its sample sheet, and offer what came of it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from generation.models import TrainingJob, TrainingSet
from generation.work import run, training
from tests.browser.tour import shoot, tour
from tests.fine_tuning.conftest import ask, loras, school, squares
from tests.fine_tuning.school import School
from tests.fine_tuning.taught import as_png, draw_squares

__all__ = ["ask", "loras", "school", "squares"]
HOSTILE = "<img src=x onerror=alert(1)>"
SHEET = 8


def come_back(page: Page, site: str, place: str) -> None:
    """Go to a page in English, on a laptop."""
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/admin/{place}")


def test_pictures_are_gathered_and_captioned(
    signed_in: Page, site: str, school: School, squares: TrainingSet, complaints: list[str]
) -> None:
    page, place = signed_in, f"generation/trainingset/{squares.pk}"
    for _ in tour(
        page, site, {"training-pictures": f"{place}/pictures/", "training-ask": f"{place}/train/"}
    ):
        expect(page.locator("#content form button[type=submit]").first).to_be_visible()
    come_back(page, site, f"{place}/pictures/")
    sent = FilePayload(name="one.png", mimeType="image/png", buffer=as_png(draw_squares(1)[0]))
    page.set_input_files(
        "input[type=file]",
        [sent, FilePayload(name="no.png", mimeType="image/png", buffer=b"no picture")],
    )
    page.click("button[name=add]")
    expect(page.get_by_text("1 picture was added.")).to_be_visible()
    expect(page.get_by_text("no.png: This is not a whole picture")).to_be_visible()
    page.goto(f"{site}/admin/{place}/pictures/")
    expect(page.locator("textarea")).to_have_count(len(draw_squares()) + 1)
    page.locator("textarea").first.fill(HOSTILE)
    page.get_by_role("button", name="Save captions").click()
    expect(page.get_by_text("1 captions were written, 0 pictures removed.")).to_be_visible()
    for _ in tour(page, site, {"training-set": f"{place}/change/"}):
        expect(page.locator(".is-sheet img")).to_have_count(len(draw_squares()) + 1)
    come_back(page, site, f"{place}/change/")
    page.locator(".is-sheet a[data-picture]").first.click()
    expect(page.locator("#lightbox [data-part=prompt]")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    page.click("a:has-text('Train') >> visible=true >> nth=-1")
    assert complaints == []


def test_training_is_watched_to_its_end(
    signed_in: Page,
    site: str,
    school: School,
    ask: Callable[..., TrainingJob],
    complaints: list[str],
) -> None:
    page, job = signed_in, ask()
    place = f"generation/trainingjob/{job.pk}/change/"
    come_back(page, site, place)
    expect(page.get_by_text("It waits until nothing is to be drawn.")).to_be_visible()
    for _ in range(8):
        training.go_on("local", 0.0)
    # The page reads itself anew: a step, a chart, and no click.
    expect(page.get_by_text(re.compile("step [3-6] of 6"))).to_be_visible()
    expect(page.locator("canvas.chart")).to_be_visible()
    assert page.evaluate("Boolean(Chart.getChart(document.querySelector('canvas.chart')))")
    shoot(page, "training-under-way")
    run.run_queue("local")
    expect(page.locator(".hub-compared-pair img")).to_have_count(SHEET)
    for _ in tour(page, site, {"training": place, "trainings": "generation/trainingjob/"}):
        expect(page.locator("#content")).to_be_visible()
    come_back(page, site, place)
    page.click("a:has-text('Offer its LoRA') >> visible=true")
    page.fill("#id_name", "squares")
    page.get_by_role("button", name="Offer it").click()
    expect(page.get_by_text("may name it now: squares.")).to_be_visible()
    assert Path(TrainingJob.objects.get().file).is_file()
    assert complaints == []


@pytest.mark.xdist_group("torch")
def test_sample_sheet_of_the_small_model(
    signed_in: Page, site: str, ask: Callable[..., TrainingJob], complaints: list[str]
) -> None:
    job = ask(steps=60, rank=8, rate=3e-3, batch=2, seed=3)
    job.set.offer.default_steps, job.set.offer.default_cfg_scale = 8, 2.0
    job.set.offer.save()
    run.run_queue("local")
    for _ in tour(signed_in, site, {"training-small": f"generation/trainingjob/{job.pk}/change/"}):
        expect(signed_in.locator(".hub-compared-pair img")).to_have_count(SHEET)
    assert complaints == []
