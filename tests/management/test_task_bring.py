"""`manage.py task bring`: where workers run, what a vendor made for an order in doubt is delivered, clips among it."""

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Account, Attempt, Event, Task
from generation.providers.stub_clips import make_clip
from generation.work import by_hand
from generation.work.run import run_queue
from storage.models import Artifact
from tests.books import find_mistakes
from tests.providers.vendors.contract import HTML, picture
from tests.steps import attempt_states, submit

pytestmark = pytest.mark.django_db
WHY = "--reason=seen on the vendor's own page"


@pytest.fixture
def lost(alice: APIClient, stub: Account) -> Task:
    """An order of a clip in doubt."""
    stub.offers.create(alias="film", media_types=["video"], default_width=64, default_height=64, smallest_side=16,
                       durations=[1], default_seconds=1)  # fmt: skip
    task = submit(alice, "a star stub:lost", type="video", model="film")
    assert [entry["ended"] for entry in run_queue("local")] == ["unknown"]
    return task


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip as a vendor's page gives it."""
    path = tmp_path / "made.mp4"
    path.write_bytes(make_clip(Image.new("RGB", (64, 64), "teal"), 1, 8, sounds=False).getvalue())
    return path


def bring(task: Task, *words: str | Path) -> str:
    out = io.StringIO()
    call_command("task", "bring", str(task), *map(str, words), WHY, "--by=dave", stdout=out)
    return out.getvalue()


def test_a_clip_is_delivered_and_paid(lost: Task, clip: Path) -> None:
    assert bring(lost, clip) == f"{lost} is delivered\n"
    assert attempt_states(lost) == ["succeeded"]
    stored = Artifact.objects.get()
    assert (stored.content_type, stored.codec, stored.width) == ("video/mp4", "h264", 64)
    assert Hold.objects.get().captured == lost.price
    told = Event.objects.get(task=lost, kind="found").data
    assert told == {"count": 1, "by": "dave: seen on the vendor's own page"}
    assert find_mistakes() == []
    with pytest.raises(CommandError, match="nothing is in doubt here"):
        bring(lost, clip)


def test_what_cannot_be_taken_is_refused_and_the_doubt_stays(
    lost: Task, clip: Path, tmp_path: Path
) -> None:
    page, still = tmp_path / "page.mp4", tmp_path / "still.png"
    page.write_bytes(HTML)
    still.write_bytes(picture())
    refusals: list[tuple[tuple[Path, ...], str]] = [
        ((page,), "page.mp4 is not taken: output_"),
        ((still,), "still.png is not taken: output_"),
        ((clip, clip), "the order is for 1, and these are 2"),
        ((tmp_path / "none.mp4",), "No such file"),
    ]
    for files, said in refusals:
        with pytest.raises(CommandError, match=said):
            bring(lost, *files)
    assert attempt_states(lost) == ["unknown"]
    assert (Artifact.objects.count(), Hold.objects.get().state) == (0, "open")


def test_who_brings_while_another_decides_is_refused(
    lost: Task, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find: Any = by_hand.can_store

    def decide_first(files: Any) -> bool:
        Attempt.objects.update(state="waiting")
        return bool(find(files))

    monkeypatch.setattr(by_hand, "can_store", decide_first)
    with pytest.raises(CommandError, match="nothing is in doubt here"):
        bring(lost, clip)
    assert Artifact.objects.count() == 0


def test_where_nothing_looks_at_clips_it_says_where_something_does(
    lost: Task, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_hand, "can_look", lambda: False)
    # By no name does it become something else.
    for path in (clip, shutil.copy(clip, clip.with_suffix(""))):
        with pytest.raises(CommandError, match="bring it where workers run"):
            bring(lost, path)
    assert attempt_states(lost) == ["unknown"]
