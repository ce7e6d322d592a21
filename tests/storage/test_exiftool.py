"""What ExifTool reads in our files: each label once, before and after an edit, and in clips."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from storage.models import Artifact
from tests.programs import need_program
from tests.steps import submit
from tests.storage import test_clips
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.whole]
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def exiftool() -> str:
    """Return the path of ExifTool."""
    return need_program("/usr/bin/exiftool", "libimage-exiftool-perl", variable="EXIFTOOL")


def read(exiftool: str, path: Path) -> dict[str, Any]:
    """Return all that a file says, by group and name; of what it says twice each one has a name of its own."""
    command = [exiftool, "-json", "-G1:4", "-a", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    [said] = json.loads(done.stdout)
    return dict(said)


def check_labels(said: dict[str, Any], artifact_id: str) -> None:
    """Fail unless each label is there, and there once."""
    assert [
        value
        for name, value in said.items()
        if name.endswith("DigitalSourceType") and "XMP" in name
    ] == [SOURCE]
    [aigc] = [value for name, value in said.items() if name.endswith(":Aigc")]
    told = json.loads(aigc)
    assert (told["Label"], told["ProduceID"]) == ("1", artifact_id)
    assert "ExifTool:Warning" not in said


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "avif"])
def test_labels_of_a_picture_and_of_its_edit(
    alice: APIClient, rich: Any, stub: Account, local: Path, exiftool: str, form: str
) -> None:
    rich("alice", 100)
    task = submit(alice, output_format=form)
    run_queue("local")
    [made] = Artifact.objects.filter(output__task=Task.objects.get(pk=task.pk))
    wire_id = to_wire("art", made.pk)
    check_labels(read(exiftool, local / made.key), wire_id)
    operations = [{"action": "crop", "width": 32, "height": 32}]
    answer = alice.post(
        f"/api/v1/artifacts/{wire_id}/edits", {"operations": operations}, format="json"
    )
    assert answer.status_code == 201, answer.json()
    edited = Artifact.objects.exclude(pk=made.pk).get()
    check_labels(read(exiftool, local / edited.key), to_wire("art", edited.pk))


@pytest.mark.parametrize("way", ["an output", "the same file, uploaded"])
def test_labelled_picture_that_an_order_starts_from_leaves_one_label(
    alice: APIClient, rich: Any, stub: Account, local: Path, exiftool: str, way: str
) -> None:
    rich("alice", 100)
    first = submit(alice, output_format="png")
    run_queue("local")
    [made] = Artifact.objects.filter(output__task=first.pk)
    image = to_wire("art", made.pk)
    if way != "an output":
        file = SimpleUploadedFile("a.png", (local / made.key).read_bytes(), "image/png")
        answer = alice.post("/api/v1/artifacts", {"file": file}, format="multipart")
        assert answer.status_code == 201, answer.json()
        image = answer.json()["id"]
    second = submit(alice, image=image)
    run_queue("local")
    [drawn] = Artifact.objects.filter(output__task=second.pk)
    assert drawn.sha256 != made.sha256
    check_labels(read(exiftool, local / drawn.key), to_wire("art", drawn.pk))
    assert (local / drawn.key).read_bytes().count(b"<TC260:AIGC>") == 1


def test_labels_of_a_clip(local: Path, exiftool: str) -> None:
    stored = test_clips.save(test_clips.film())
    assert stored.artifact_id
    check_labels(read(exiftool, local / stored.key), to_wire("art", stored.artifact_id))
