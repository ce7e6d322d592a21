"""Processes killed between the store and the commit: what they stored goes, what others delivered stays."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life import rescue, waiting
from generation.models import Account, Attempt
from generation.work import run
from genhub.platforms.models import Platform
from storage.keys import output_key
from storage.models import Artifact, UploadFolder
from storage.services import list_names
from tests.books import find_mistakes
from tests.faults.processes import running, wait_until
from tests.kept import NONE, sweep_files
from tests.steps import submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
STOPPING = ("-m", "tests.faults.stopping")
PATIENCE_SECONDS = 120


def be_killed(log: Path, *words: str) -> None:
    with running(log, *STOPPING, *words) as process:
        assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL, log.read_text()


def folder_of(attempt: Attempt) -> str:
    owner = attempt.share.platform_id
    return output_key(attempt.created_at.date(), owner, attempt.pk, "")


def test_worker_killed_between_store_and_commit(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Purse],
    stub: Account,
    tmp_path: Path,
) -> None:
    rich("carol", 100)
    task = submit(client_of("carol"), num_images=2, width=32, height=32)
    be_killed(tmp_path / "log", "work")
    struck("J1")
    dead = Attempt.objects.get()
    assert len(list_names(folder_of(dead))) == 4
    sweep_files(NONE)
    assert len(list_names(folder_of(dead))) == 4, "its lease lives"
    wait_until(lambda: rescue.reap() > 0, PATIENCE_SECONDS, "the end of the lease")
    # The stub stands for a vendor, whose answer died with the worker: it is not asked for the same again by itself.
    waiting.decide_not_taken(dead.pk, by="tests", reason="the rehearsal knows")
    run.run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"
    assert sweep_files(NONE) == 4
    assert list_names(folder_of(dead)) == []
    for artifact in Artifact.objects.all():
        assert default_storage.exists(artifact.key)
        assert default_storage.exists(artifact.thumbnail_key)
    assert Artifact.objects.count() == 2
    assert find_mistakes() == []


def test_upload_killed_between_store_and_commit(shop: Platform, tmp_path: Path) -> None:
    be_killed(tmp_path / "log", "upload", str(shop.pk))
    folder = UploadFolder.objects.get().folder
    assert len(list_names(folder)) == 2
    assert sweep_files() == 0
    assert sweep_files(NONE) == 2
    assert list_names(folder) == []
    assert not UploadFolder.objects.exists()
