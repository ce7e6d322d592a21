"""Files in buckets of their own by purpose: each goes to its own, is found wherever it lies, and is moved there."""

import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from genhub.settings.store import s3_storage
from storage import moving, orphans
from storage.buckets import BucketStorage
from storage.direct import address_of
from storage.keys import incoming_key
from storage.models import Artifact, DirectUpload
from storage.moving import NotMoved, move_all, settle_withheld
from storage.probing import StoreLies, probe_store
from storage.purposes import list_buckets, open_bucket
from storage.selectors import read_bytes, sign_link
from storage.services import delete_unnamed, folder_of, record_artifact, save_picture
from storage.withholding import give_back, withhold
from tests.patience import patience
from tests.retention.test_rules import take
from tests.storage.conftest import Bucket, bucket, s3, s3_entry
from tests.storage.made_pictures import LABEL
from tests.storage.test_s3 import picture

__all__ = ["bucket", "s3", "s3_entry"]
pytestmark = [pytest.mark.django_db, pytest.mark.whole]
OWN = {"uploads": "sent", "previews": "small", "withheld": "apart"}
USUAL = "usual"


@dataclass(frozen=True)
class Shelf:
    """Buckets of this test's own: the server remembers what lay in those of others."""

    root: Path
    run: str

    def name(self, short: str) -> str:
        return f"{self.run}-{short}"

    def keys(self, short: str) -> set[str]:
        return set(Bucket("", self.root / self.name(short)).list_keys())

    def where(self, key: str) -> list[str]:
        """Return the buckets that a file lies in, by their short names."""
        return [short for short in (USUAL, *OWN.values()) if key in self.keys(short)]

    def open(self, short: str) -> BucketStorage:
        return open_bucket(self.name(short))


def split(
    settings: Any, monkeypatch: pytest.MonkeyPatch, shelf: Shelf, own: dict[str, str]
) -> None:
    """Give each of these purposes a bucket of its own, and no other."""
    monkeypatch.setenv("S3_BUCKET", shelf.name(USUAL))
    for purpose in OWN:
        monkeypatch.delenv(f"S3_{purpose.upper()}_BUCKET", raising=False)
    for purpose, short in own.items():
        monkeypatch.setenv(f"S3_{purpose.upper()}_BUCKET", shelf.name(short))
    entry = s3_storage()
    assert entry
    settings.STORAGES = {**settings.STORAGES, "default": entry}


@pytest.fixture
def shelf(s3: Bucket, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A hub with one bucket, and three others beside it."""
    made = Shelf(s3.folder.parent, f"genhub-{new_id().hex}")
    client = list_buckets()[0].connection.meta.client
    for short in (USUAL, *OWN.values()):
        client.create_bucket(Bucket=made.name(short))
    split(settings, monkeypatch, made, {})
    return made


@pytest.fixture
def apart(shelf: Shelf, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A hub whose purposes have buckets of their own."""
    split(settings, monkeypatch, shelf, OWN)
    return shelf


def store(shop: Platform, name: str = "0") -> Artifact:
    """Store an output of alice's, with its row."""
    stored = save_picture(picture(), folder=f"outputs/2026/01/02/{shop.pk.hex}/{'5' * 32}/", name=name, label=LABEL)  # fmt: skip
    pk = record_artifact(stored, platform_id=shop.pk, user="alice")
    return Artifact.objects.get(pk=pk)


def fetch(url: str) -> httpx2.Response:
    return httpx2.get(url, trust_env=False, timeout=patience(5))


def test_each_file_goes_to_the_bucket_of_its_purpose(apart: Shelf, shop: Platform) -> None:
    output, upload = store(shop), take(shop, key="sent")
    assert apart.where(output.key) == [USUAL]
    assert apart.where(upload.key) == ["sent"]
    for row in (output, upload):
        assert apart.where(row.thumbnail_key) == ["small"]
        assert read_bytes(row)
        for link in (sign_link(row), sign_link(row, thumbnail=True)):
            assert fetch(link).status_code == 200
    assert apart.keys("apart") == set()


def test_upload_goes_to_its_own_bucket_by_itself(apart: Shelf, shop: Platform) -> None:
    words = {"content_type": "image/png", "size_bytes": 3, "expires_at": Now() + timedelta(hours=1)}
    row = DirectUpload.objects.create(platform=shop, user="alice", **words)
    row.refresh_from_db()
    url, headers = address_of(row)
    assert httpx2.put(url, content=b"abc", headers=headers, trust_env=False).status_code == 200
    assert apart.where(incoming_key(row.pk)) == ["sent"]
    assert default_storage.size(incoming_key(row.pk)) == 3


def test_bucket_is_split_and_joined_under_a_running_hub(
    shelf: Shelf, shop: Platform, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows never change: what was stored before is found where it lies, moved, and found again."""
    before = [store(shop), take(shop, key="sent")]
    split(settings, monkeypatch, shelf, OWN)
    after = store(shop, "1")
    rows = [*before, after]

    def check() -> None:
        for row in rows:
            assert read_bytes(row)
            assert default_storage.size(row.key) == row.size_bytes
            for link in (sign_link(row), sign_link(row, thumbnail=True)):
                assert fetch(link).status_code == 200
        # The upload is of today, which is not looked at.
        report, files = orphans.look(days=0), 4
        assert (report.files, report.unnamed_files, report.missing_rows) == (files, 0, 0)

    check()
    before_moving = {name: shelf.keys(name) for name in (USUAL, *OWN.values())}
    out = io.StringIO()
    call_command("move_files", "--dry-run", stdout=out)
    assert f"{shelf.name(USUAL)}: 3 files" in out.getvalue()
    assert {name: shelf.keys(name) for name in (USUAL, *OWN.values())} == before_moving
    call_command("move_files", stdout=io.StringIO())
    assert shelf.where(before[1].key) == ["sent"]
    assert shelf.keys("small") == {row.thumbnail_key for row in rows}
    assert shelf.keys(USUAL) == {before[0].key, after.key}
    assert fetch(sign_link(before[1])).headers["Content-Type"] == "image/webp"
    check()
    # Joined again: no setting names the buckets any more, so each is named to be emptied.
    split(settings, monkeypatch, shelf, {})
    for name in OWN.values():
        call_command("move_files", "--from", shelf.name(name), stdout=io.StringIO())
        assert shelf.keys(name) == set()
    check()


def test_what_is_withheld_lies_apart_until_it_is_given_back(apart: Shelf, shop: Platform) -> None:
    row, other = store(shop), store(shop, "1")
    settle_withheld()
    withhold(row.key)
    row.refresh_from_db()
    # Until it is moved, and then, staff find it.
    assert fetch(sign_link(row)).status_code == 200
    moved = settle_withheld()
    assert moved.files == 2
    for key in (row.key, row.thumbnail_key):
        assert apart.where(key) == ["apart"]
    assert apart.where(other.key) == [USUAL]
    assert fetch(sign_link(row)).status_code == 200
    assert read_bytes(row)
    assert settle_withheld().files == 0
    assert move_all(apart.open("apart")).files == 0
    give_back(row.key)
    row.refresh_from_db()
    assert fetch(sign_link(row)).status_code == 200
    assert settle_withheld().files == 2
    assert (apart.where(row.key), apart.where(row.thumbnail_key)) == ([USUAL], ["small"])
    assert apart.keys("apart") == set()


def test_what_is_withheld_is_deleted_where_it_lies(apart: Shelf, shop: Platform) -> None:
    row = store(shop)
    withhold(row.key)
    settle_withheld()
    Artifact.objects.filter(pk=row.pk).update(gone_at=Now())
    assert settle_withheld().files == 0
    assert delete_unnamed(folder_of(row.key)).files == 2
    assert apart.where(row.key) == []


@pytest.mark.parametrize("died", [True, False], ids=["before the end", "not there"])
def test_move_that_died_is_done_again(apart: Shelf, shop: Platform, died: bool) -> None:
    row = store(shop)
    withhold(row.key)
    data = read_bytes(row)
    if died:
        # It was copied, and not yet deleted where it was; or only half of it came.
        apart.open("apart").save(row.key, ContentFile(data[: len(data) // 2]))
    else:
        default_storage.delete(row.key)
    settle_withheld()
    call_command("move_files", stdout=io.StringIO())
    assert apart.where(row.key) == (["apart"] if died else [])
    if died:
        assert read_bytes(row) == data


def test_file_that_is_deleted_while_it_is_copied_leaves_no_copy(
    apart: Shelf, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = store(shop)
    withhold(row.key)
    bucket_class = type(list_buckets()[0])

    def copy_late(self: Any, name: str, source: Any) -> None:
        data = source.open(name).read()
        Artifact.objects.filter(pk=row.pk).update(gone_at=Now())
        delete_unnamed(folder_of(row.key))
        self.save(name, ContentFile(data))
        source.save(name, ContentFile(data))

    monkeypatch.setattr(bucket_class, "take_copy", copy_late)
    settle_withheld()
    assert apart.where(row.key) == []


def test_copy_that_is_not_whole_deletes_nothing(
    apart: Shelf, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = store(shop)
    withhold(row.key)
    monkeypatch.setattr(
        type(list_buckets()[0]),
        "take_copy",
        lambda self, name, source: self.save(name, ContentFile(b"half")),
    )
    with pytest.raises(NotMoved, match="-apart"):
        settle_withheld()
    assert apart.open(USUAL).size(row.key) == row.size_bytes


def test_what_may_be_under_way_is_not_moved(
    apart: Shelf, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no row yet: whoever stores it finds it where it was put."""
    key = f"uploads/2026/01/02/{shop.pk.hex}/{'6' * 32}/0.webp"
    apart.open(USUAL).save(key, ContentFile(b"a picture"))
    assert move_all(apart.open(USUAL)).young == 1
    assert apart.where(key) == [USUAL]
    monkeypatch.setattr(moving, "UNTOUCHED", timedelta(seconds=-3600))
    assert move_all(apart.open(USUAL)).files == 1
    assert apart.where(key) == ["sent"]


def test_probe_looks_at_each_bucket(apart: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    probe_store()
    assert not any(apart.keys(name) for name in (USUAL, *OWN.values()))
    stores = {one.bucket_name: one for one in list_buckets()}
    assert len(stores) == len(OWN) + 1
    for one in stores.values():
        with monkeypatch.context() as patch:
            patch.setattr(one, "delete", lambda name: None)
            with pytest.raises(StoreLies, match="probes/"):
                probe_store()


def test_files_of_this_machine_are_not_moved() -> None:
    assert settle_withheld().files == 0
    with pytest.raises(CommandError, match="S3_BUCKET is not set"):
        call_command("move_files")
