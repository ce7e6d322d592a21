"""Store and rows, compared both ways, on this machine and in a bucket; and the probe of a store that lies."""

import io
import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from genhub.platforms.models import Platform
from genhub.retention.models import LegalHold
from genhub.users.models import User
from storage import orphans
from storage.models import Artifact, OrphanReport, UploadFolder
from storage.probing import StoreLies, probe_store
from tests.admin.conftest import hire
from tests.retention.test_rules import list_files, take
from tests.storage.conftest import Bucket, bucket, local, s3

__all__ = ["bucket", "hire", "local", "s3"]
pytestmark = pytest.mark.django_db
OLD = "2020/01/02"


def put(key: str) -> str:
    return default_storage.save(key, ContentFile(b"bytes of nobody"))


def make_old(folder: Path) -> None:
    """Let every file be as old as the hub."""
    at = time.time() - 30 * 86_400
    for path in folder.rglob("*"):
        os.utime(path, (at, at))


def move(row: Artifact, shop: Platform) -> Artifact:
    """Give a picture a folder of long ago, its files with it."""
    folder = f"uploads/{OLD}/{shop.pk.hex}/{row.pk.hex}/"
    for name in ("key", "thumbnail_key"):
        key = getattr(row, name)
        with default_storage.open(key) as file:
            setattr(
                row,
                name,
                default_storage.save(folder + key.rpartition("/")[2], ContentFile(file.read())),
            )
        default_storage.delete(key)
    row.save()
    Artifact.objects.filter(pk=row.pk).update(created_at=F("created_at") - timedelta(days=30))
    return row


def fill(shop: Platform) -> tuple[Artifact, Artifact, set[str]]:
    """Store a whole picture, one whose thumbnail somebody deleted, and files of nobody."""
    whole, broken = (move(take(shop, key=key), shop) for key in "ab")
    default_storage.delete(broken.thumbnail_key)
    nobody = {
        put(f"outputs/{OLD}/{shop.pk.hex}/{'1' * 32}/0.webp"),
        put(f"edits/{OLD}/{shop.pk.hex}/{'2' * 32}/0.webp"),
        put(f"incoming/{'3' * 32}/0"),
    }
    return whole, broken, nobody


def run(*words: str) -> Any:
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 rows have no file"):
        call_command("orphans", "--json", *words, stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_both_ways_are_told_and_only_what_no_row_names_is_deleted(
    shop: Platform, local: Path
) -> None:
    _whole, broken, nobody = fill(shop)
    young = take(shop, key="young")
    announced = UploadFolder.objects.create(folder=f"incoming/{'4' * 32}/", platform=shop)
    put(f"{announced.folder}0")
    assert run()["unnamed_files"] == 0, "they may be about to have a row"
    make_old(local)
    before = list_files(local)
    told = run()
    assert (told["files"], told["rows"]) == (7, 2), "what is young was not looked at"
    assert (told["unnamed_files"], told["unnamed_bytes"], told["deleted_files"]) == (3, 45, 0)
    assert (set(told["examples"]["files"]), told["examples"]["rows"]) == (nobody, [str(broken)])
    assert list_files(local) == before
    boss = User.objects.create_user("boss")
    hold = LegalHold.objects.create(platform=shop, user="bob", reason="A court asks.", laid_by=boss)
    told = run("--delete")
    assert (told["held_files"], told["deleted_files"]) == (3, 0)
    LegalHold.objects.filter(pk=hold.pk).update(
        lifted_at=Now(), lifted_by=boss, lifted_why="It is over."
    )
    assert run("--delete")["deleted_files"] == 3
    assert before - list_files(local) == nobody
    assert default_storage.exists(young.key)
    assert run()["unnamed_files"] == 0
    assert OrphanReport.objects.count() == 5
    with pytest.raises(CommandError, match="at least 1"):
        call_command("orphans", "--days", "0")


def test_bucket_is_compared_as_well(shop: Platform, s3: Bucket) -> None:
    s3.empty()
    whole, broken, nobody = fill(shop)
    # By the store's own clock they are of this moment.
    report = orphans.look(days=0, deletes=True)
    assert (report.unnamed_files, report.deleted_files, report.missing_rows) == (3, 3, 1)
    assert set(report.examples["files"]) == nobody
    assert s3.list_keys() == sorted([whole.key, whole.thumbnail_key, broken.key])


def test_staff_see_what_was_found(hire: Callable[..., Client], shop: Platform, local: Path) -> None:
    _whole, broken, nobody = fill(shop)
    make_old(local)
    report = orphans.look()
    page = "/admin/storage/orphanreport/"
    assert hire(name="eve").get(page).status_code == 403
    client = hire("storage.view_orphanreport")
    for language, said in (("en", "files are missing"), ("zh-hans", "文件缺失")):
        client.cookies["django_language"] = language
        assert said in client.get(page).content.decode()
    text = client.get(f"{page}{report.pk}/change/").content.decode()
    assert str(broken) in text
    assert all(key in text for key in nobody)


def test_probe_leaves_nothing_and_finds_a_store_that_lies(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe_store()
    assert list_files(local) == set()
    for name, lie in (
        ("open", lambda key: io.BytesIO(b"another")),
        ("delete", lambda key: None),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(default_storage, name, lie)
            with pytest.raises(StoreLies, match="probes/"):
                probe_store()


def test_probe_of_a_bucket(s3: Bucket) -> None:
    s3.empty()
    probe_store()
    assert s3.list_keys() == []
