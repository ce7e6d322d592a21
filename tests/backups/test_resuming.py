"""An export that was killed goes on: what it had copied is kept where it is whole, and what is gone meanwhile goes."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.work.run import run_queue
from genhub.backups import exporting, resuming
from genhub.backups.taking import MANIFEST, NoBackup
from storage.models import Artifact
from tests.faults.test_leftovers import be_killed
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("drawn")]
PICTURES = 4


@pytest.fixture
def drawn(alice: APIClient, stub: Any) -> None:
    submit(alice, width=32, height=32, num_images=PICTURES)
    run_queue("local")


def export(folder: Path, *, resumes: bool) -> dict[str, Any]:
    return exporting.export("shop", folder, with_files=True, say=lambda said: None, resumes=resumes)


def list_files(folder: Path) -> dict[str, int]:
    """Return the files that an export holds of pictures, by their keys, each with its number on the disk."""
    files = folder / "files"
    return {str(path.relative_to(files)): path.stat().st_ino for path in files.rglob("*") if path.is_file()}  # fmt: skip


def check_whole(folder: Path) -> None:
    """All of it is there, is what its lists say, and nothing else is."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, facts in [
        *manifest["tables"].items(),
        ("files.jsonl", manifest["files"]["files.jsonl"]),
    ]:
        data = (folder / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (facts["bytes"], facts["sha256"])
    listed = {row["key"]: row["sha256"] for line in (folder / "files.jsonl").open() if (row := json.loads(line))}  # fmt: skip
    rows = Artifact.objects.filter(withheld_at=None)
    assert listed == dict(rows.values_list("key", "sha256"))
    assert set(list_files(folder)) == set(listed)
    for key, sha256 in listed.items():
        assert hashlib.sha256((folder / "files" / key).read_bytes()).hexdigest() == sha256
    left = {path.name for path in folder.iterdir()} - set(manifest["tables"])
    assert left == {MANIFEST, "files", "files.jsonl"}


@pytest.mark.whole
@pytest.mark.xdist_group("processes")
@pytest.mark.parametrize(
    ("place", "copied"), [("transfers", 0), ("half a file", 1), ("end", PICTURES)]
)
def test_killed_export_goes_on(place: str, copied: int, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    be_killed(tmp_path / "log", "export", str(folder), place)
    assert not (folder / MANIFEST).exists()
    sizes = dict(Artifact.objects.values_list("key", "size_bytes"))
    before = list_files(folder) if copied else {}
    whole = {key: number for key, number in before.items() if (folder / "files" / key).stat().st_size == sizes[key]}  # fmt: skip
    assert (len(whole), len(before)) == (copied, min(copied + (place == "half a file"), PICTURES))
    manifest = export(folder, resumes=True)
    assert (manifest["files"]["number"], manifest["files"]["damaged"]) == (PICTURES, [])
    check_whole(folder)
    after = list_files(folder)
    assert {key: after[key] for key in whole} == whole, "what was whole was copied again"


def break_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export until all is copied, and no further."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "forget_earlier", stop)
        with pytest.raises(KeyboardInterrupt):
            export(folder, resumes=(folder / "files").exists())


def test_what_is_gone_or_was_changed_meanwhile_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    break_off(folder, monkeypatch)
    gone, changed, *_ = Artifact.objects.order_by("pk")
    Artifact.objects.filter(pk=gone.pk).update(withheld_at=Now())
    kept = folder / "files" / changed.key
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")
    # And it breaks off once more.
    break_off(folder, monkeypatch)
    assert export(folder, resumes=True)["files"]["number"] == PICTURES - 1
    assert not list(folder.rglob(Path(gone.key).name))
    check_whole(folder)


@pytest.mark.parametrize("make", [
    lambda folder: None,
    lambda folder: folder.mkdir(),
    lambda folder: (folder.mkdir(), (folder / "photo.jsonl").write_text("mine")),
    lambda folder: (folder.mkdir(), resuming.note(folder, {"format": exporting.FORMAT, "platform": "other"})),
    lambda folder: export(folder, resumes=False),
], ids=["nothing", "empty", "something else", "another platform", "whole"])  # fmt: skip
def test_only_what_broke_off_is_gone_on_with(make: Callable[[Path], Any], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    make(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(CommandError, match="is no export of shop that broke off"):
        call_command("export_platform", "shop", str(folder), "--resume")
    assert sorted(folder.rglob("*")) == before


def test_two_do_not_write_into_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "out"
    break_off(folder, monkeypatch)
    with resuming.alone_in(folder), pytest.raises(NoBackup, match="another export writes into"):
        export(folder, resumes=True)
    export(folder, resumes=True)
    check_whole(folder)
