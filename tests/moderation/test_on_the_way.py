"""A vendor's picture is judged while it is on its way into the store, from what it was found to be: once, and before
anybody has it."""

import base64
import io
import threading
from typing import Any

import pytest
from django.db import connection
from PIL import Image
from rest_framework.test import APIClient

from generation.life.claims import Claim
from generation.models import Account, Output, Task
from generation.moderation import pictures
from generation.work import watching
from generation.work.run import run_queue
from storage import plain_png, services, vendor_pictures
from storage.models import Artifact
from storage.purposes import read_whole
from tests.api.refusals import GENERATE
from tests.moderation.test_pictures import BAD, DOWN, SAFE, credits, find_apart
from tests.patience import patience
from tests.providers.vendors.server import Asked, Server

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("right_books", "stub"),
]
# Of the second picture; the first one's is less by one.
SEED = 200


@pytest.fixture
def watched(server: Server, service: Any) -> Server:
    service(checks_prompts=False, checks_pictures=True)
    server.respond = lambda asked: SAFE
    return server


def order(client: APIClient, kind: str = "png", **words: Any) -> Any:
    said = {"prompt": f"a star stub:file={kind}", "num_images": 1, "seed": SEED - 1, **words}
    answer = client.post(GENERATE, {"width": 64, "height": 64, **said}, format="json")
    assert answer.status_code == 202, answer.json()
    run_queue("local")
    return client.get(answer.json()["check_status_url"].removesuffix("/status")).json()


def reds_of(server: Server) -> list[int]:
    """Return how red each picture was that was shown."""
    reds = []
    for asked in server.asked:
        [shown] = asked.json["input"]
        data = base64.b64decode(shown["image_url"]["url"].partition(",")[2])
        reds.append(Image.open(io.BytesIO(data)).getpixel((32, 32))[0])  # type: ignore[index]
    return reds


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_each_is_shown_once_and_read_from_no_store(
    alice: APIClient, watched: Server, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(services, "read_whole", None)
    assert order(alice, kind, num_images=2)["result"]["count"] == 2
    assert reds_of(watched) == pytest.approx([SEED - 1, SEED], abs=3)


def test_nobody_has_it_while_it_is_judged(alice: APIClient, watched: Server) -> None:
    seen: list[tuple[int, str]] = []

    def look(asked: Asked) -> Any:
        seen.append((Artifact.objects.count(), Task.objects.get().state))
        connection.close()
        return BAD

    watched.respond = look
    task = order(alice)
    assert seen == [(0, "processing")]
    assert (task["status"], task["error"]["code"]) == ("failed", "content_blocked")
    assert credits(task)["captured"] == 0
    assert len(find_apart()) == 1


def test_what_is_not_seen_on_its_way_is_looked_at_in_the_store(
    alice: APIClient, watched: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.faults = [BAD, SAFE]
    monkeypatch.setattr(plain_png, "MOST_AT_HAND_BYTES", 0)
    monkeypatch.setattr(plain_png, "decode", lambda *_: 1 / 0)
    task = order(alice, num_images=2)
    assert (task["status"], task["result"]["count"]) == ("completed", 1)
    assert [error["code"] for error in task["result"]["errors"]] == ["content_blocked"]
    assert reds_of(watched) == pytest.approx([SEED - 1, SEED], abs=3)


def test_what_turns_out_not_to_be_plain_is_shown_the_longer_way_once(
    alice: APIClient,
    watched: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def find_odd(*_: Any) -> None:
        raise plain_png.NotPlain

    monkeypatch.setattr(plain_png, "look_through", find_odd)
    monkeypatch.setattr(services, "read_whole", None)
    assert order(alice)["result"]["count"] == 1
    assert reds_of(watched) == pytest.approx([SEED - 1], abs=3)
    assert "looked at later" not in caplog.text


def test_how_it_is_watched_is_asked_while_it_is_looked_through(
    alice: APIClient, watched: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_of, look_through, known = watching.watch_of, plain_png.look_through, threading.Event()

    def ask(claim: Claim) -> Any:
        found = watch_of(claim)
        known.set()
        return found

    def look_late(*told: Any) -> Any:
        assert known.wait(patience(10))
        return look_through(*told)

    monkeypatch.setattr(watching, "watch_of", ask)
    monkeypatch.setattr(plain_png, "look_through", look_late)
    assert order(alice)["result"]["count"] == 1
    assert len(watched.asked) == 1


def test_what_nobody_judged_on_its_way_is_not_asked_again(
    alice: APIClient, watched: Server
) -> None:
    watched.faults = [DOWN]
    assert order(alice)["error"]["code"] == "content_unjudged"
    assert len(watched.asked) == 1


def test_what_was_seen_makes_the_thumbnail(
    alice: APIClient, watched: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor_pictures, "look_apart", None)
    order(alice)
    [output] = Output.objects.select_related("artifact")
    assert output.artifact
    assert output.artifact.has_thumbnail
    data = read_whole(output.artifact.thumbnail_key)
    thumbnail = Image.open(io.BytesIO(data))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (200, 200))
    assert thumbnail.getpixel((99, 99))[0] == pytest.approx(SEED - 1, abs=3)  # type: ignore[index]


def test_order_that_nobody_watches_is_judged_by_nobody(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "judge", None)
    asked: list[Any] = []
    watch_of = watching.watch_of

    def ask(claim: Claim) -> Any:
        asked.append(claim)
        return watch_of(claim)

    monkeypatch.setattr(watching, "watch_of", ask)
    assert order(alice, num_images=2)["status"] == "completed"
    # How it is watched is asked once for all of its pictures.
    assert len(asked) == 1
