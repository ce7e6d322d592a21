"""A platform's data as it is given away: whole, of one moment, of this platform alone, and without a secret."""

import hashlib
import json
import stat
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, connections
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Purse
from generation.models import Task
from generation.work.run import run_queue
from genhub.backups import exporting
from genhub.backups.taking import MANIFEST, NoBackup
from genhub.lib import takeout
from genhub.lib.connections import tidily
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import EventType
from storage.models import Artifact
from templates.models import Template
from tests.api.refusals import header_of
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub")]
HOOK = "https://hooks.example.com/told?token=canary-of-the-hook"
OTHERS = "a canary of another platform"
MANY_ROWS = 20_000
MANY = """
    INSERT INTO credits_purse (id, platform_id, "user")
    SELECT gen_random_uuid(), %s, 'user-' || gen_random_uuid() FROM generate_series(1, %s)
"""


@pytest.fixture
def drawn(
    alice: APIClient, client_of: Callable[..., APIClient], shop: Platform, recipes: None
) -> Task:
    """An order of the shop that was drawn, beside one of another platform."""
    endpoints.create(shop.pk, url="", events=EventType.values)
    other = Platform.objects.create(code="other", name="Other")
    ledger.grant(ledger.open_purse(other.pk, "bob").pk, 100, key="bob", why=ledger.Why("tests", "a grant of the tests"))  # fmt: skip
    submit(client_of("bob", platform=other), OTHERS, width=32, height=32)
    key = header_of(alice)["HTTP_AUTHORIZATION"].split()[1]
    task = submit(
        alice, f"a star, by {key}", width=32, height=32, num_images=2, webhook=HOOK,
        metadata={"order": "星星"},
    )  # fmt: skip
    run_queue("local")
    return task


def export(folder: Path, **words: Any) -> dict[str, Any]:
    """Export the shop."""
    return exporting.export(
        "shop", folder, with_files=words.pop("with_files", False), say=words.pop("say", str)
    )


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return a table of an export, proved to be what its manifest says."""
    facts = json.loads((folder / MANIFEST).read_text())["tables"][f"{name}.jsonl"]
    data = (folder / f"{name}.jsonl").read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (facts["bytes"], facts["sha256"])
    rows = [json.loads(line) for line in data.splitlines()]
    assert len(rows) == facts["rows"]
    return rows


def test_what_a_platform_has_is_read_back(drawn: Task, tmp_path: Path) -> None:
    manifest = export(tmp_path / "out")
    assert (manifest["format"], manifest["platform"]) == ("genhub-platform-1", "shop")
    folder = tmp_path / "out"
    [platform] = read(folder, "platform")
    assert platform["code"] == "shop"
    [purse] = read(folder, "purses")
    stood = Purse.objects.get(user="alice")
    assert (purse["user"], purse["available"], purse["held"]) == ("alice", stood.available, 0)
    transfers = read(folder, "transfers")
    # What the ledger proves can be proved again of what was given away.
    moved = sum(row["amount"] * ((row["target"] == "available") - (row["source"] == "available")) for row in transfers)  # fmt: skip
    assert moved == purse["available"]
    assert {row["purse_id"] for row in transfers} == {purse["id"]}
    [hold] = read(folder, "holds")
    assert (hold["reference"], hold["captured"]) == (str(drawn.pk), 20)
    [task] = read(folder, "tasks")
    assert (task["id"], task["state"], task["metadata"]) == (str(drawn.pk), "completed", {"order": "星星"})  # fmt: skip
    assert task["spec"]["width"] == 32
    outputs, artifacts = read(folder, "outputs"), read(folder, "artifacts")
    assert {row["artifact_id"] for row in outputs} == {row["id"] for row in artifacts}
    assert len(artifacts) == 2
    assert next(row["kind"] for row in read(folder, "events")) == "submitted"
    templates, versions = read(folder, "templates"), read(folder, "template_versions")
    assert {row["code"] for row in templates} == set(Template.objects.values_list("code", flat=True))  # fmt: skip
    assert {row["template_id"] for row in versions} == {row["id"] for row in templates}


def test_no_secret_and_nothing_of_others_is_in_it(
    drawn: Task, alice: APIClient, tmp_path: Path
) -> None:
    export(tmp_path / "out", with_files=True)
    key = header_of(alice)["HTTP_AUTHORIZATION"].split()[1]
    prefix, secret = key.split(".")
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())  # fmt: skip
    for canary in (secret, "canary-of-the-hook", "whsec_", OTHERS, "bob"):
        assert canary.encode() not in everything, canary
    # A key that somebody wrote into a prompt is told from another, and opens nothing.
    assert f"{prefix}.***".encode() in everything
    for path in (tmp_path / "out").rglob("*.jsonl"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_come_along_where_they_are_asked_for(drawn: Task, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    files = export(folder, with_files=True)["files"]
    assert (files["number"], files["missing"], files["damaged"]) == (2, [], [])
    listed = [json.loads(line) for line in (folder / "files.jsonl").read_text().splitlines()]
    assert {row["key"] for row in listed} == set(Artifact.objects.filter(user="alice").values_list("key", flat=True))  # fmt: skip
    for row in listed:
        data = (folder / "files" / row["key"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["bytes"], row["sha256"])
        assert row["sha256"] == Artifact.objects.get(key=row["key"]).sha256


def test_a_file_that_is_gone_or_changed_is_told(drawn: Task, tmp_path: Path) -> None:
    gone, changed = Artifact.objects.filter(user="alice").order_by("pk")
    default_storage.delete(gone.key)
    with default_storage.open(changed.key, "wb") as file:
        file.write(b"another picture")
    out = StringIO()
    with pytest.raises(CommandError, match="2 files are missing or damaged"):
        call_command("export_platform", "shop", str(tmp_path / "out"), "--files", "--json", stdout=out, stderr=StringIO())  # fmt: skip
    files = json.loads(out.getvalue())["files"]
    assert (files["missing"], files["damaged"]) == ([gone.key], [changed.key])


def test_what_its_owner_may_not_see_stays(drawn: Task, tmp_path: Path) -> None:
    withheld = Artifact.objects.filter(user="alice").first()
    assert withheld
    Artifact.objects.filter(pk=withheld.pk).update(withheld_at=withheld.created_at)
    assert export(tmp_path / "out", with_files=True)["files"]["number"] == 1
    assert not (tmp_path / "out" / "files" / withheld.key).exists()


def test_rows_are_read_in_bites_and_are_those_of_one_moment(
    drawn: Task, rich: Callable[..., Purse], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeout, "ROWS_A_READ", 2)
    for number in range(5):
        rich(f"user-{number}", 10)

    def come_late(said: str) -> None:
        if said == "· transfers":
            with ThreadPoolExecutor(1) as other:
                other.submit(tidily, rich, "late", 10).result()

    export(tmp_path / "out", say=come_late)
    users = [row["user"] for row in read(tmp_path / "out", "purses")]
    assert sorted(users) == ["alice", *(f"user-{number}" for number in range(5))]
    late = Purse.objects.get(user="late")
    assert str(late.pk) not in {row["purse_id"] for row in read(tmp_path / "out", "transfers")}
    connections.close_all()


def weigh(folder: Path) -> int:
    """Return the most bytes that an export holds at a time."""
    tracemalloc.start()
    try:
        export(folder)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.whole
def test_memory_stays_flat_however_many_rows_there_are(shop: Platform, tmp_path: Path) -> None:
    def add(number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(MANY, [str(shop.pk), number])

    add(MANY_ROWS // 10)
    export(tmp_path / "first")
    few = weigh(tmp_path / "few")
    add(MANY_ROWS)
    many = weigh(tmp_path / "many")
    assert len(read(tmp_path / "many", "purses")) == MANY_ROWS + MANY_ROWS // 10
    assert many < 1.5 * few


def test_an_export_that_broke_off_is_none(
    drawn: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, "copy_files", break_off)
    with pytest.raises(KeyboardInterrupt):
        export(tmp_path / "out", with_files=True)
    assert not (tmp_path / "out" / MANIFEST).exists()
    with pytest.raises(NoBackup, match="not empty"):
        export(tmp_path / "out")


def test_a_platform_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no platform nowhere"):
        call_command("export_platform", "nowhere", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", ["/etc/passwd", "outputs/../../passwd"])
def test_a_key_that_leads_out_of_the_folder_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(NoBackup, match="leads out"):
        exporting.place_of(tmp_path, key)
