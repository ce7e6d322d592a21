"""A backup of an hour ago, brought back while a worker of then still finishes: nothing is paid or sent twice."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.life import polls, rescue, restored, waiting
from generation.life.attempt_ends import complete
from generation.life.claims import LeaseLost, claim_next
from generation.life.events import place_all
from generation.models import Attempt, Task
from generation.providers.base import Submitted
from generation.selectors.events import newest_position
from generation.work.run import run_queue
from genhub.backups import client_programs, taking
from storage.models import Artifact
from storage.selectors import read_bytes
from tests.bench.elsewhere import connect_to
from tests.books import find_mistakes
from tests.databases import empty_database
from tests.steps import attempt_states, claim, collect, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub")]


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Path:
    """The files of the hub, in a folder of this test; and its secrets."""
    settings.HOME, settings.DATABASE_IS_EMBEDDED = tmp_path / "home", False
    (settings.HOME / "credentials").mkdir(parents=True)
    for name in ("secrets.json", "encryption.json", "credentials/key.pem"):
        (settings.HOME / name).write_text(f"of {name}")
    store = Path(settings.HOME) / "files"
    options = {"location": str(store), "allow_overwrite": True}
    entry = {"BACKEND": "storage.files.SignedFileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": entry}
    return store


@pytest.fixture
def empty() -> Iterator[Any]:
    """A connection to an empty database beside the test's."""
    with empty_database("restored") as beside:
        other = connect_to(beside)
        yield other
        other.close()


@contextmanager
def speaking_to(other: Any) -> Iterator[None]:
    """Have all that follows speak to another database."""
    before, connections["default"] = connections["default"], other
    try:
        yield
    finally:
        connections["default"] = before


def command(name: str, *words: str) -> Any:
    out, said = StringIO(), StringIO()
    call_command(name, *words, "--json", stdout=out, stderr=said)
    return json.loads(out.getvalue().splitlines()[-1])


def test_a_hub_is_made_again_with_every_picture_and_right_books(
    alice: APIClient, files: Path, settings: Settings, tmp_path: Path, empty: Any
) -> None:
    done = submit(alice, num_images=2)
    run_queue("local")
    pictures = {row.pk: read_bytes(row) for row in Artifact.objects.all()}
    assert len(pictures) == 2
    waits = submit(alice)
    manifest = command("backup", str(tmp_path / "kept"))
    assert (manifest["tasks"], manifest["files"]) == (2, len(list(taking.list_files(files))))
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    key = tmp_path / "kept" / "home" / "credentials" / "key.pem"
    assert (key.read_text(), key.stat().st_mode & 0o077) == ("of credentials/key.pem", 0)
    # What comes after it is lost with the house.
    submit(alice)
    shutil.rmtree(settings.HOME)

    with speaking_to(empty):
        told = command("restore", str(tmp_path / "kept"), "--moved")
        assert told == {"under_way": 1, "in_doubt": 0}
        assert {row.pk: read_bytes(row) for row in Artifact.objects.all()} == pictures
        assert (settings.HOME / "secrets.json").read_text() == "of secrets.json"
        assert find_mistakes() == []
        run_queue("local")
        assert [Task.objects.get(pk=one.pk).state for one in (done, waits)] == ["completed"] * 2
        assert find_mistakes() == []


def test_what_may_have_been_sent_since_is_in_doubt_and_no_late_worker_is_believed(
    alice: APIClient, files: Path, tmp_path: Path, empty: Any
) -> None:
    running, at_vendor, queued = (submit(alice, prompt) for prompt in ("one", "two", "three"))
    late, told_vendor = claim(), claim()
    assert (late.task_id, told_vendor.task_id) == (running.pk, at_vendor.pk)
    waiting.wait(told_vendor, Submitted("job-7", poll_after_seconds=0))
    command("backup", str(tmp_path / "kept"))
    # The hub runs on: the third is sent, too.
    assert claim().task_id == queued.pk

    with speaking_to(empty):
        assert command("restore", str(tmp_path / "kept")) == {"under_way": 3, "in_doubt": 2}
        assert [attempt_states(one) for one in (running, at_vendor, queued)] == [
            ["unknown"], ["waiting"], ["unknown"],
        ]  # fmt: skip
        assert claim_next("local", worker="tests") is None
        # The vendor is only asked for what it is known to have.
        [asked] = polls.claim_due("local", worker="tests")
        assert (asked.remote_id, asked.token > restored.FAR) == ("job-7", True)
        with pytest.raises(LeaseLost):
            complete(late, collect(late))
        assert find_mistakes() == []
        in_doubt = Attempt.objects.get(task_id=queued.pk)
        waiting.decide_not_taken(in_doubt.pk, by="ops", reason="it never arrived there")
        assert claim().task_id == queued.pk
        assert find_mistakes() == []


@pytest.mark.usefixtures("keeps_orders_here")
def test_what_is_drawn_here_is_drawn_again(alice: APIClient) -> None:
    one, two = submit(alice, "one"), submit(alice, "two")
    late = claim()
    assert restored.settle(is_moved=False) == {"under_way": 2, "in_doubt": 0}
    assert [attempt_states(task) for task in (one, two)] == [["running"], ["queued"]]
    with pytest.raises(LeaseLost):
        complete(late, collect(late))
    Attempt.objects.filter(task_id=one.pk).update(lease_expires_at="2020-01-01T00:00Z")
    rescue.reap()
    run_queue("local")
    assert {Task.objects.get(pk=task.pk).state for task in (one, two)} == {"completed"}
    assert find_mistakes() == []


def test_a_restore_that_dies_lets_no_hub_begin(
    alice: APIClient, files: Path, tmp_path: Path, empty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(alice)
    command("backup", str(tmp_path / "kept"))

    def die(**_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restored, "settle", die)
    with speaking_to(empty):
        with pytest.raises(KeyboardInterrupt):
            command("restore", str(tmp_path / "kept"))
        with pytest.raises(CommandError, match="a restore did not end"):
            call_command("prepare")
        monkeypatch.undo()
        with pytest.raises(CommandError, match="into an empty one"):
            command("restore", str(tmp_path / "kept"))


def test_clients_that_saw_later_events_miss_none(alice: APIClient) -> None:
    submit(alice)
    place_all()
    seen = newest_position()
    restored.settle(is_moved=False)
    submit(alice)
    place_all()
    assert newest_position() > seen + restored.FAR


def test_a_folder_that_holds_something_is_left_alone(files: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "letter").write_text("dear")
    with pytest.raises(CommandError, match="is not empty"):
        command("backup", str(tmp_path / "kept"))
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["letter"]


def test_a_database_that_holds_something_is_left_alone(
    alice: APIClient, files: Path, tmp_path: Path
) -> None:
    command("backup", str(tmp_path / "kept"))
    submit(alice)
    with pytest.raises(CommandError, match="tables: bring a backup back into an empty one"):
        command("restore", str(tmp_path / "kept"))
    assert Task.objects.count() == 1


@pytest.mark.parametrize("harm", ["no manifest", "damaged", "newer", "nothing"])
def test_what_is_no_whole_backup_is_refused_before_anything_is_written(
    harm: str, files: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    command("backup", str(folder))
    match harm:
        case "no manifest":
            (folder / taking.MANIFEST).unlink()
        case "damaged":
            with (folder / taking.DUMP).open("r+b") as file:
                file.seek(100)
                file.write(b"\0harm\0")
        case "newer":
            manifest = json.loads((folder / taking.MANIFEST).read_text())
            (folder / taking.MANIFEST).write_text(json.dumps({**manifest, "format": 99}))
        case _:
            folder = tmp_path / "nowhere"
    with CaptureQueriesContext(connection) as asked, pytest.raises(CommandError):
        command("restore", str(folder))
    assert len(asked) == 0


def test_a_program_that_is_too_old_is_named(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'")
    old.chmod(0o700)
    monkeypatch.setattr(client_programs, "list_programs", lambda _: [str(old)])
    with pytest.raises(CommandError, match=r"pg_dump \d+ or newer is missing .*is 9"):
        command("backup", str(tmp_path / "kept"))
    assert not (tmp_path / "kept" / taking.MANIFEST).exists()


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(client_programs.ToolFailed, match="pg_restore"):
        client_programs.bring_back(tmp_path / "nothing")
