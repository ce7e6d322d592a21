"""A task whose provider sends files: its result tells their type, and one that is not taken costs nothing."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.audit import find_mistakes
from generation.providers.errors import ProviderError, Sent
from generation.work import storing
from generation.work.run import run_queue
from storage.content import StoredFile, VendorFile
from storage.outputs import save_output
from tests.steps import submit
from tests.storage import made_pictures as made
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
WHOLE: dict[str, Any] = {"width": 32, "height": 32}


def send(monkeypatch: pytest.MonkeyPatch, *files: bytes | Exception) -> None:
    """Let what is made arrive as these files of a vendor's, by their positions."""

    def save(_: Any, **place: Any) -> StoredFile:
        @contextmanager
        def open_file() -> Iterator[io.BytesIO]:
            file = files[place["position"]]
            if isinstance(file, Exception):
                raise file
            yield io.BytesIO(file)

        return save_output(VendorFile("image/png", open_file), **place)

    monkeypatch.setattr(storing, "save_output", save)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_result_tells_the_type_of_each_file(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(monkeypatch, made.jpeg(), made.make_png())
    task = submit(alice, num_images=2, **WHOLE)
    run_queue("local")
    answer = alice.get(f"/api/v1/tasks/task_{task.pk.hex}").json()
    images = answer["result"]["images"]
    assert [image["content_type"] for image in images] == ["image/jpeg", "image/png"]
    assert [(image["width"], image["height"]) for image in images] == [(48, 32), (24, 16)]
    names = sorted(re.sub(r"-[0-9a-f]{16}", "", path.name) for path in files_in(local))
    assert names == ["0.jpg", "0_thumbnail.jpg", "1.png", "1_thumbnail.jpg"]


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        (made.animated_png(), "output_animated", "动图"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "output_video_unsupported", "视频"),
        (ConnectionError("10.0.0.1 reset"), "output_unread", "没有完整送达"),
    ],
    ids=["animated", "video", "unread"],
)
def test_file_that_is_not_taken_fails_the_task_and_costs_nothing(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch, file: Any, code: str, words: str
) -> None:
    send(monkeypatch, file)
    task = submit(alice, **WHOLE)
    # Once: to make it again would cost the provider again and end alike.
    assert [ended["ended"] for ended in run_queue("local")] == ["failed"]
    address = f"/api/v1/tasks/task_{task.pk.hex}"
    answer = alice.get(address).json()
    assert (answer["status"], answer["error"]["code"]) == ("failed", code)
    assert answer["credits"]["released"] == 10
    assert words in str(alice.get(address, HTTP_ACCEPT_LANGUAGE="zh-hans").json()["error"])
    assert "10.0.0.1" not in str(answer)
    assert files_in(local) == []
    assert find_mistakes() == []


def test_what_an_adapter_says_of_a_broken_stream_still_holds(
    alice: APIClient, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ProviderError("gone", code="model_gone", params={"model": "x"}, sent=Sent.YES)
    send(monkeypatch, error)
    task = submit(alice, **WHOLE)
    run_queue("local")
    task.refresh_from_db()
    assert (task.state, task.error_code, task.error_params) == (
        "failed", "model_gone", {"model": "x"},
    )  # fmt: skip
