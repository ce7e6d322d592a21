"""J12: a disk that is full, of temporary files, of the store, of the S3 server: a clean failure, the hold released, no
file of half a picture; and all goes on once there is room."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import Hold, Purse
from generation.accounts.seed import seed_local_provider
from generation.models import Task
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from storage.models import Artifact, UploadFolder
from storage.probing import probe_store
from tests.books import find_mistakes
from tests.faults.files.crooked import standing_before
from tests.faults.files.full_disk import Disk, is_full, short_files, small_disk
from tests.faults.files.test_stores import check_files, work_until_ended
from tests.faults.processes import COUNT, running, wait_until, worker
from tests.faults.providers.vendor import (  # fmt: skip
    Vendor,
    check,
    encoded,
    open_account,
    order,
    pictures,
    png,
    work_on,
)
from tests.kept import NONE, sweep_files
from tests.retention.test_rules import take
from tests.steps import submit
from tests.storage.conftest import Bucket, bucket, s3, s3_entry
from tests.strikes import struck

__all__ = ["bucket", "s3", "s3_entry"]
pytestmark = pytest.mark.django_db(transaction=True)
# `make faults`: five of each.
TIMES = COUNT // 2 or 1
# Where the libraries of models keep what they fetch and compile.
CACHES = (
    "HF_HOME",
    "HF_HUB_CACHE",
    "XDG_CACHE_HOME",
    "TORCH_HOME",
    "TORCHINDUCTOR_CACHE_DIR",
    "TRITON_CACHE_DIR",
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as made:
        yield made


@pytest.fixture
def store(disk: Disk, settings: Any) -> Disk:
    """The hub's files lie on that disk."""
    options = {"location": str(disk.folder), "allow_overwrite": True}
    entry = {"BACKEND": "storage.files.SignedFileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": entry}
    return disk


@pytest.fixture
def temporary(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The hub's temporary files lie on that disk: what vendors send, what programs are given and answer."""
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
    return disk


def fail_and_go_on(alice: APIClient, full: Callable[[], Any]) -> None:
    """Order while the disk is full, and once there is room."""
    for _ in range(TIMES):
        with full():
            task = work_until_ended(submit(alice, num_images=2, width=64, height=64))
        check_failed(task)
        task = work_until_ended(submit(alice, num_images=2, width=64, height=64))
        assert task.state == "completed"
        assert find_mistakes() == []


def check_failed(task: Task) -> None:
    """Nothing of it was delivered, and nothing is paid or held."""
    hold = Hold.objects.get(reference=task.pk)
    assert (task.state, task.error_code) == ("failed", "store_failed")
    assert (hold.state, hold.captured) == ("settled", 0)
    assert find_mistakes() == []


def list_left(disk: Disk) -> set[str]:
    return {str(path.relative_to(disk.folder)) for path in disk.folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("stub", "right_books")
def test_full_store_costs_nothing_and_recovers_alone(alice: APIClient, store: Disk) -> None:
    fail_and_go_on(alice, store.full)
    named = set(Artifact.objects.values_list("key", flat=True))
    named |= set(Artifact.objects.values_list("thumbnail_key", flat=True))
    sweep_files(NONE)
    assert list_left(store) == named, "nothing is left of what was begun"
    assert not UploadFolder.objects.exists()


def test_probe_tells_of_a_full_store(store: Disk) -> None:
    probe_store()
    with store.full(), pytest.raises(OSError) as raised:  # noqa: PT011 (whichever, is_full judges)
        probe_store()
    assert is_full(raised.value)
    probe_store()
    assert list_left(store) == set()


def test_upload_into_a_full_store_is_no_picture(shop: Platform, store: Disk) -> None:
    for turn in range(TIMES):
        with store.full(), pytest.raises(OSError) as raised:  # noqa: PT011 (whichever, is_full judges)
            take(shop, key=str(turn))
        assert is_full(raised.value)
        assert Artifact.objects.count() == turn
        assert Artifact.objects.filter(pk=take(shop, key=str(turn)).pk).exists()
    sweep_files(NONE)
    assert len(list_left(store)) == 2 * TIMES


def test_upload_without_room_for_temporary_files_is_no_picture(
    shop: Platform, temporary: Disk
) -> None:
    for turn in range(TIMES):
        with temporary.full(), pytest.raises(OSError) as raised:  # noqa: PT011 (whichever, is_full judges)
            take(shop, key=str(turn))
        struck("J12")
        assert is_full(raised.value)
        assert Artifact.objects.count() == turn
        assert Artifact.objects.filter(pk=take(shop, key=str(turn)).pk).exists()
    assert list_left(temporary) == set()


@pytest.mark.usefixtures("right_books")
def test_vendors_file_without_room_for_it_is_not_paid(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Purse],
    temporary: Disk,
    settings: Any,
) -> None:
    """The vendor is paid for what was made, and asked no second time; the customer pays nothing, and orders again."""
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    rich("dora", 100_000)
    dora, vendor = client_of("dora"), Vendor()
    vendor.respond = lambda asked: pictures(encoded(png()))
    with vendor.running():
        open_account(vendor)
        for _ in range(TIMES):
            vendor.billed.clear()
            with temporary.full():
                task = order(dora)
                work_on()
            struck("J12")
            task.refresh_from_db()
            assert task.error_code == "store_failed"
            check(vendor, task, state="failed", captured=0)
            vendor.billed.clear()
            task = order(dora)
            work_on()
            check(vendor, task, state="completed", captured=task.price)
    assert list_left(temporary) == set()


@pytest.mark.usefixtures("stub", "right_books")
def test_full_disk_of_the_s3_server_costs_nothing(
    alice: APIClient, s3: Bucket, s3_entry: dict[str, Any], settings: Any
) -> None:
    """The server's own disk, with its own errors; where none may be mounted, the words of one that is full."""
    name = f"full-{new_id().hex}"
    with small_disk(s3.folder.parent / name) as disk, standing_before(s3.endpoint) as server:
        options = {**s3_entry["OPTIONS"], "bucket_name": name, "endpoint_url": server.endpoint}
        settings.STORAGES = {**settings.STORAGES, "default": {**s3_entry, "OPTIONS": options}}

        @contextmanager
        def full() -> Iterator[None]:
            server.faults = ["full"] * 100
            yield
            server.faults = []

        fail_and_go_on(alice, disk.full if disk.is_mounted else full)
        check_files(Bucket(s3.endpoint, disk.folder))


@pytest.mark.usefixtures("right_books")
def test_worker_whose_model_cache_is_full_draws(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], disk: Disk, tmp_path: Path
) -> None:
    """It reads its weights, and keeps nothing there."""
    seed_local_provider()
    rich("dora", 100_000)
    caches = dict.fromkeys(CACHES, str(disk.folder))
    with disk.shut(), running(tmp_path / "worker.log", *worker("local"), **caches):
        task = submit(client_of("dora"), width=128, height=128, steps=4)
        wait_until(lambda: has_ended(task), 180, "the end of the order")
    assert task.state == "completed", (tmp_path / "worker.log").read_text()
    assert list_left(disk) == set()


def has_ended(task: Task) -> bool:
    task.refresh_from_db()
    return task.state in {"completed", "failed"}


def test_limit_stands_in_for_a_disk_that_may_not_be_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with small_disk(tmp_path / "disk") as disk:
        assert not disk.is_mounted
        for full in (disk.full, short_files):
            with full(), pytest.raises(OSError) as raised, (disk.folder / "a").open("wb") as file:  # noqa: PT011
                file.write(b"x" * 8192)
            assert is_full(raised.value)
        (disk.folder / "a").write_bytes(b"x")
