"""J13: a store that fails, stalls, lies or is full costs nobody anything: what is captured has its file, whole."""

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Attempt, Output, Task
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from storage.models import Artifact, UploadFolder
from tests.books import find_mistakes
from tests.faults.files.crooked import Crooked, standing_before
from tests.faults.processes import COUNT
from tests.kept import NONE, sweep_files
from tests.retention.test_rules import take
from tests.steps import submit
from tests.storage.conftest import Bucket, bucket, s3, s3_entry
from tests.strikes import struck

__all__ = ["bucket", "s3", "s3_entry"]
pytestmark = pytest.mark.django_db(transaction=True)
FAULTS = ("500", "503", "403", "full", "reset", "told not", "stall", "slow")
TIMES = COUNT or 1


@pytest.fixture
def crooked(s3: Bucket, s3_entry: dict[str, Any], settings: Any) -> Iterator[Crooked]:
    """The hub's store, with something before it that goes wrong as it is told."""
    s3.empty()
    with standing_before(s3.endpoint) as server:
        quick = s3_entry["OPTIONS"]["client_config"].merge(Config(read_timeout=2))
        options = {**s3_entry["OPTIONS"], "endpoint_url": server.endpoint, "client_config": quick}
        settings.STORAGES = {**settings.STORAGES, "default": {**s3_entry, "OPTIONS": options}}
        yield server


def work_until_ended(task: Task) -> Task:
    """Let a worker try, and try again at once, until the task has ended."""
    for _ in range(10):
        run_queue("local")
        task.refresh_from_db()
        if task.state in {"completed", "failed"}:
            return task
        Attempt.objects.filter(task=task, state="queued").update(run_at=Now())
    raise AssertionError(f"{task} has not ended: {task.state}")


def check_files(bucket: Bucket) -> None:
    """Every picture that there is has its file, whole; after a sweep nothing else lies in the bucket."""
    for row in Artifact.objects.filter(gone_at=None):
        with default_storage.open(row.key) as file:
            assert hashlib.sha256(file.read()).hexdigest() == row.sha256
        assert default_storage.exists(row.thumbnail_key) or not row.has_thumbnail
    sweep_files(NONE)
    rows = Artifact.objects.values_list("key", "thumbnail_key", "has_thumbnail")
    named = {key for row in rows for key in (row[0], *([row[1]] if row[2] else []))}
    assert set(bucket.list_keys()) == named
    assert not UploadFolder.objects.exists()


@pytest.mark.parametrize("lasts", [1, 2, 12], ids=["once", "twice", "always"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("stub", "right_books")
def test_nothing_is_captured_without_its_file(
    alice: APIClient, crooked: Crooked, s3: Bucket, fault: str, lasts: int
) -> None:
    if fault == "stall" and lasts > 2 and not COUNT:
        lasts = 2
    for turn in range(TIMES):
        crooked.faults = [""] * random.Random(turn).randrange(3) + [fault] * lasts
        task = work_until_ended(submit(alice, num_images=2, width=32, height=32))
        crooked.faults = []
        struck("J13")
        delivered = Output.objects.filter(task=task, artifact__isnull=False).count()
        hold = Hold.objects.get(reference=task.pk)
        assert hold.captured == task.unit_price * delivered
        assert bool(delivered) == (task.state == "completed")
    assert fault in crooked.met
    check_files(s3)
    # It recovers alone.
    task = work_until_ended(submit(alice, width=32, height=32))
    assert task.state == "completed"
    assert find_mistakes() == []


@pytest.mark.parametrize("fault", FAULTS)
def test_upload_is_stored_whole_or_not_at_all(
    shop: Platform, crooked: Crooked, s3: Bucket, fault: str
) -> None:
    for turn in range(TIMES):
        for lasts in (1, 12):
            if fault == "stall" and lasts > 1 and not COUNT:
                continue
            crooked.faults = [fault] * lasts
            before = Artifact.objects.count()
            try:
                row = take(shop, key=f"{turn} {lasts}")
            except Exception:  # noqa: BLE001 (whatever the store raises)
                assert Artifact.objects.count() == before
            else:
                assert Artifact.objects.filter(pk=row.pk).exists()
            crooked.faults = []
            struck("J13")
            # The same request again makes no second picture.
            again = take(shop, key=f"{turn} {lasts}")
            assert Artifact.objects.filter(pk=again.pk).exists()
            assert Artifact.objects.count() == before + 1
    check_files(s3)
