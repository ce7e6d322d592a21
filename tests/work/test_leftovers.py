"""Files without an artifact do not stay: not of orders that were cancelled, lost or stopped midway, not of uploads; and
no file that an artifact names is ever deleted."""

import io
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError
from django.db.models.functions import Now
from PIL import Image
from rest_framework.test import APIClient

from generation.life import attempt_ends, claims, rescue
from generation.life.outputs import Stored
from generation.life.unpaid_ends import cancel_task
from generation.models import Attempt, Task
from generation.work import persisting, run, storing
from generation.work.process import Drain
from genhub.platforms.models import Platform
from genhub.retention import turns
from storage import uploads
from storage.models import Artifact, UploadFolder
from storage.outputs import save_output
from tests.kept import NONE, sweep_files
from tests.steps import claim, collect, die, submit
from tests.storage.conftest import Bucket, bucket, local, s3, s3_entry

__all__ = ["bucket", "local", "s3", "s3_entry"]

pytestmark = pytest.mark.django_db
WHOLE: dict[str, Any] = {"width": 32, "height": 32}


class Store:
    """The files that are there, wherever they lie."""

    def __init__(self, place: Path | Bucket) -> None:
        self.place = place

    def list_keys(self) -> list[str]:
        if isinstance(self.place, Bucket):
            return self.place.list_keys()
        files = [path for path in self.place.rglob("*") if path.is_file()]
        return sorted(str(path.relative_to(self.place)) for path in files)


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    place = request.getfixturevalue(request.param)
    found = Store(place)
    before = set(found.list_keys())
    yield found
    for key in set(found.list_keys()) - before:
        default_storage.delete(key)


def named() -> list[str]:
    """Return the keys that artifacts name."""
    return sorted(
        key for pair in Artifact.objects.values_list("key", "thumbnail_key") for key in pair
    )


def between_store_and_commit(monkeypatch: pytest.MonkeyPatch, act: Callable[[Any], None]) -> None:
    """Let something happen once, when an attempt's pictures are stored and nothing is written of them."""
    complete = attempt_ends.complete
    acts = [act]

    def complete_late(found: claims.Claim, delivery: Stored) -> None:
        if acts:
            acts.pop()(found)
        complete(found, delivery)

    monkeypatch.setattr(attempt_ends, "complete", complete_late)


def lose(found: claims.Claim) -> None:
    """Take an attempt back, as it is when its worker seemed dead."""
    Attempt.objects.filter(pk=found.attempt_id).update(lease_expires_at=Now() - claims.lease())
    rescue.reap()


def be_late(found: claims.Claim) -> None:
    """End a task by its deadline."""
    late = Now() - timedelta(seconds=1)
    Task.objects.filter(pk=found.task_id).update(deadline_at=late)
    rescue.end_late()


def cancel(found: claims.Claim) -> None:
    """End a task for its owner."""
    cancel_task(found.task_id)


# The test's S3 server forgets for a moment what was put a moment ago, and then deletes nothing: its sweep is below.
@pytest.mark.usefixtures("stub", "keeps_orders_here")
@pytest.mark.parametrize("store", ["local"], indirect=True)
@pytest.mark.parametrize("end", [cancel, lose, be_late])
def test_worker_deletes_what_it_stored_for_nobody(
    alice: APIClient, store: Store, monkeypatch: pytest.MonkeyPatch, end: Callable[..., None]
) -> None:
    before = store.list_keys()
    between_store_and_commit(monkeypatch, end)
    submit(alice, num_images=2, **WHOLE)
    run.run_queue("local")
    # What the same worker made afterwards stays.
    assert store.list_keys() == sorted([*before, *named()])
    assert len(named()) == (4 if end is lose else 0)


@pytest.mark.usefixtures("stub", "keeps_orders_here", "local")
def test_worker_that_stops_midway_leaves_nothing(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, drain: Drain, local: Path
) -> None:
    saved = []

    def save_and_stop(*values: Any, **words: Any) -> Any:
        saved.append(words["position"])
        stored = save_output(*values, **words)
        drain.since = -1e9
        threading.Event.set(drain)
        return stored

    monkeypatch.setattr(storing, "save_output", save_and_stop)
    submit(alice, num_images=3, **WHOLE)
    assert [task["ended"] for task in run.run_queue("local")] == ["handed_back"]
    assert saved == [0]
    assert Store(local).list_keys() == []


@pytest.mark.usefixtures("stub", "keeps_orders_here", "local")
def test_commit_in_doubt_that_has_happened_keeps_its_pictures(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, local: Path
) -> None:
    complete = attempt_ends.complete
    doubts = [OperationalError("the server closed the connection")]

    def complete_in_doubt(found: claims.Claim, delivery: Stored) -> None:
        complete(found, delivery)
        if doubts:
            raise doubts.pop()

    monkeypatch.setattr(attempt_ends, "complete", complete_in_doubt)
    monkeypatch.setattr(persisting, "FINISH_AGAIN_SECONDS", 0.0)
    task = submit(alice, num_images=2, **WHOLE)
    # It finds its own end written, and takes it for another's.
    assert [ended["ended"] for ended in run.run_queue("local")] == ["stopped"]
    task.refresh_from_db()
    assert task.state == "completed"
    sweep_files(NONE)
    assert Store(local).list_keys() == named()
    assert len(named()) == 4


@pytest.mark.usefixtures("stub", "keeps_orders_here", "right_books")
def test_sweep_deletes_what_dead_workers_left_and_nothing_else(
    alice: APIClient, shop: Platform, store: Store
) -> None:
    before = store.list_keys()
    submit(alice, "stub:refuse=1", num_images=2, **WHOLE)
    run.run_queue("local")
    upload = uploads.take_picture(png(), "image/png", platform_id=shop.pk, user="alice")
    submit(alice, num_images=2, **WHOLE)
    dead = claim()
    collect(dead)
    # It still works, or might: nothing of it is touched.
    sweep_files(NONE)
    assert len(store.list_keys()) - len(before) == len(named()) + 4
    die()
    sweep_files()
    assert len(store.list_keys()) - len(before) == len(named()) + 4, "too young"
    assert sweep_files(NONE) == 4
    assert sweep_files(NONE) == 0
    assert store.list_keys() == sorted([*before, *named()])
    assert {upload.key, upload.thumbnail_key} <= set(named())
    assert not Attempt.objects.filter(needs_sweep=True).exists()


def png() -> bytes:
    """Return a picture as somebody may upload it."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.usefixtures("stub", "keeps_orders_here", "right_books")
def test_attempt_whose_files_cannot_be_deleted_holds_up_nobody(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        submit(alice, **WHOLE)
        collect(claim())
    die()
    first = Attempt.objects.filter(state="abandoned").order_by("ended_at").first()
    assert first
    delete = FileSystemStorage.delete

    def delete_but_one(self: FileSystemStorage, name: str) -> None:
        if first.pk.hex in name:
            raise PermissionError(name)
        delete(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "delete", delete_but_one)
        # What fails so often that the turn ends is not what the next one begins with.
        patch.setattr(turns, "MOST_APART", 1)
        patch.setattr(turns, "MOST_FAILURES", 1)
        assert [sweep_files(NONE) for _ in range(3)] == [0, 4, 0]
    # The next round but one begins anew, and it can be deleted now.
    assert [sweep_files(NONE) for _ in range(2)] == [0, 2]
    assert Store(local).list_keys() == []


@pytest.mark.usefixtures("right_books")
def test_upload_that_is_refused_by_the_database_leaves_no_row(
    shop: Platform, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **words: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(uploads, "record_artifact", fail)
    # As when the process died: nobody could look whether it has a row.
    monkeypatch.setattr(uploads, "delete_unless_recorded", lambda stored: None)
    with pytest.raises(OperationalError):
        uploads.take_picture(png(), "image/png", platform_id=shop.pk, user="alice")
    assert sweep_files() == 0, "too young"
    assert sweep_files(NONE) == 2
    assert Store(local).list_keys() == []
    assert not UploadFolder.objects.exists()
