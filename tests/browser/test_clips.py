"""Staff plays a clip on the page of its task, and reads what it really is."""

from typing import Any

from playwright.sync_api import Page
from rest_framework.test import APIClient

from generation.models import Account
from generation.work.run import run_queue
from storage.models import Artifact
from templates.services import create_template, draft_next, publish
from tests.browser.tour import tour
from tests.orders.test_chains import order
from tests.patience import patience
from tests.steps import submit

SMALL = {"default_width": 320, "default_height": 192, "smallest_side": 16, "default_seconds": 2}
# Seeks, which needs a part of the file, and plays on from there.
PLAY = """async () => {
    const video = document.querySelector("video");
    video.muted = true;
    video.currentTime = 1;
    await video.play();
    await new Promise(done => video.addEventListener("ended", done, {once: true}));
    return [video.videoWidth, video.videoHeight, Math.round(video.duration), video.error];
}"""


def test_clip_is_played_on_the_page_of_its_task(
    signed_in: Page, site: str, alice: APIClient, stub: Account, complaints: list[Any]
) -> None:
    stub.offers.create(alias="reel", media_types=["video"], **SMALL)
    task = submit(alice, "a star that turns", type="video", model="reel", audio=True, seed=40)
    assert [entry["ended"] for entry in run_queue("local")] == ["completed"]
    artifact = Artifact.objects.get()
    clip = {
        "prompt": "{subject} turns",
        "media_type": "video",
        "settings": {"model": "reel"},
        "price": 2,
    }
    words: dict[str, Any] = {
        "name": "Turning", "price": 1, "prompt": "{subject}", "required": ["subject"],
        "parameters": {"subject": {"type": "string"}}, "chain": [clip],
    }  # fmt: skip
    version = create_template("turning", **words)
    publish(version, actor="designer")
    chain = order(alice)
    assert [entry["ended"] for entry in run_queue("local")] == ["step_done", "completed"]
    draft = draft_next(version.template)
    page = signed_in
    page.set_default_timeout(1000 * patience(20))
    places = {
        "clip-task": f"generation/task/{task.pk}/change/",
        "chain-task": f"generation/task/{chain.pk}/change/",
        "chain-draft": f"templates/templateversion/{draft.pk}/change/",
        "chain-publish": f"templates/templateversion/{draft.pk}/publish/",
        "clip-file": f"storage/artifact/{artifact.pk}/change/",
        "clip-model": f"generation/offer/{stub.offers.get(alias='reel').pk}/change/",
    }
    assert set(tour(page, site, places)) == set(places)
    for place in ("clip-task", "clip-file"):
        page.goto(f"{site}/admin/{places[place]}")
        assert page.evaluate(PLAY) == [320, 192, 2, None]
    page.goto(f"{site}/admin/{places['clip-task']}")
    said = page.locator("figcaption").inner_text()
    assert ("320 × 192" in said, "h264" in said, "24" in said, "有声" in said) == (True,) * 4
    assert complaints == []
