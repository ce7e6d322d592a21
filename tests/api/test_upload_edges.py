"""Pictures at the edges of what is taken: very narrow ones, stores and databases that fail, odd headers."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from PIL import Image
from rest_framework.test import APIClient

from generation.models import Account, Attempt, Task
from generation.work.run import run_queue
from genhub.lib.ids import new_id, to_wire
from genhub.platforms.models import Platform
from storage import services, uploads
from storage.files import SignedFileSystemStorage
from storage.models import Artifact
from storage.services import open_picture, record_artifact, save_picture
from tests.api.refusals import check_problem
from tests.api.test_uploads import UPLOAD, png_of, scene, send
from tests.steps import submit
from tests.storage.conftest import local
from tests.storage.made_pictures import LABEL, encode

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_order_starts_from_the_narrowest_picture_that_is_taken(
    alice: APIClient, stub: Account
) -> None:
    upload = send(alice, encode(scene(2000, 100))).json()
    assert upload["width"] > 20 * upload["height"], "shrinking rounds its shape away"
    task = submit(alice, image=upload["id"])
    run_queue("local")
    task.refresh_from_db()
    assert (task.state, task.error_code) == ("completed", "")


@pytest.mark.parametrize("size", [(8208, 16), (16, 400)])
def test_own_picture_is_opened_whatever_its_shape(shop: Platform, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "navy")
    stored = save_picture(image, folder=f"outputs/tests/{new_id().hex}/", name="0", label=LABEL)
    artifact_id = record_artifact(stored, platform_id=shop.pk, user="alice")
    assert open_picture(artifact_id, platform_id=shop.pk).size == size


def test_refused_picture_is_not_tried_again(alice: APIClient, stub: Account, local: Path) -> None:
    upload = send(alice, encode(scene())).json()
    (local / Artifact.objects.get().key).write_bytes(png_of(20_000, 20_000))
    task = submit(alice, image=upload["id"])
    run_queue("local")
    task.refresh_from_db()
    assert (task.state, task.error_code) == ("failed", "input_lost")
    assert Attempt.objects.filter(task=task).count() == 1


def test_row_that_cannot_be_written_leaves_no_file(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as broken:
        broken.setattr(uploads, "record_artifact", fail)
        check_problem(send(alice, encode(scene())), 503, "try_later")
    assert files_in(local) == []
    assert send(alice, encode(scene())).status_code == 201


def test_row_whose_commit_was_in_doubt_keeps_its_files(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record_and_fail(*args: Any) -> None:
        record_upload(*args)
        raise OperationalError("the connection is gone")

    record_upload = uploads.record_upload
    monkeypatch.setattr(uploads, "record_upload", record_and_fail)
    check_problem(send(alice, encode(scene())), 503, "try_later")
    assert len(files_in(local)) == 2
    row = Artifact.objects.get()
    assert open_picture(row.pk, platform_id=row.platform_id).size == (40, 20)


def test_store_that_fails_leaves_no_file_and_no_row(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no room")

    alice.raise_request_exception = False
    put = services.put

    def put_the_first(key: str, *words: Any) -> None:
        put(key, *words) if not key.endswith("_thumbnail.jpg") else fail()

    monkeypatch.setattr(services, "put", put_the_first)
    check_problem(send(alice, encode(scene())), 500, "internal_error")
    assert (files_in(local), Artifact.objects.count()) == ([], 0)


@pytest.mark.parametrize("can_delete", [True, False])
def test_thumbnail_that_cannot_be_stored_leaves_no_picture(
    local: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any, can_delete: bool
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no room")

    put = services.put

    def put_the_first(key: str, *words: Any) -> None:
        put(key, *words) if not key.endswith("_thumbnail.jpg") else fail()

    monkeypatch.setattr(services, "put", put_the_first)
    if not can_delete:
        monkeypatch.setattr(SignedFileSystemStorage, "delete", fail)
    with pytest.raises(OSError, match="no room"):
        save_picture(scene(), folder="outputs/a/", name="0", label=LABEL)
    assert len(files_in(local)) == (0 if can_delete else 1)
    assert ("outputs/a/0-" in caplog.text) is not can_delete


def test_type_of_a_part_may_be_written_large(alice: APIClient) -> None:
    parts = [
        b"--b", b'Content-Disposition: form-data; name="file"; filename="a.png"',
        b"Content-Type: IMAGE/PNG", b"", encode(scene()), b"--b--", b"",
    ]  # fmt: skip
    answer = send(alice, b"\r\n".join(parts), "multipart/form-data; boundary=b")
    assert answer.status_code == 201, answer.json()
    assert send(alice, encode(scene()), "IMAGE/PNG").status_code == 201


@pytest.mark.parametrize("word", ["image", "mask"])
def test_id_is_written_as_the_hub_writes_it(alice: APIClient, stub: Account, word: str) -> None:
    send(alice, encode(scene()))
    artifact_id = Artifact.objects.get().pk
    right, digits = to_wire("art", artifact_id), artifact_id.hex
    assert digits.startswith("01"), "the milliseconds of this age"
    # uuid.UUID reads each of them as the same number.
    for digits_said in (f"{digits[1]}_{digits[2:]}", f"+{digits[1:]}", digits.upper()):
        body = {"prompt": "a star", "image": right, word: f"art_{digits_said}"}
        answer = alice.post("/api/v1/generate", body, format="json")
        check_problem(answer, 400, "invalid_request", word)
        assert alice.get(f"{UPLOAD}/art_{digits_said}").status_code == 404
    assert not Task.objects.exists()
    assert default_storage.exists(Artifact.objects.get().key)
