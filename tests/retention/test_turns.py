"""The loop that deletes: in bounded bites, each whole or undone, past whatever stands in the way; and its report."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction
from django.db.models.functions import Now
from django.test import Client

from generation.models import Worker
from genhub.platforms.models import Platform
from genhub.retention import reports, rules, turns
from genhub.retention.models import RuleReport
from genhub.retention.rules import Gone, Rule, delete_rows
from storage.models import Artifact, UploadFolder
from tests.admin.conftest import hire
from tests.kept import rule_of
from tests.retention.test_rules import take
from tests.storage.conftest import local
from tests.strikes import struck

__all__ = ["hire", "local"]
pytestmark = pytest.mark.django_db
OLD = timedelta(days=8)


@pytest.fixture
def workers() -> list[str]:
    """Five workers that are gone, the oldest first."""
    names = [f"worker-{number}" for number in range(5)]
    for number, name in enumerate(names):
        beat_at = Now() - OLD + timedelta(seconds=number)
        Worker.objects.create(name=name, queues=[], beat_at=beat_at)
    return names


@pytest.fixture(autouse=True)
def _small_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_ROWS", 2)
    monkeypatch.setattr(turns, "places", {})


def left() -> list[str]:
    return sorted(Worker.objects.values_list("name", flat=True))


def watched(bites: list[list[str]], *, bad: str = "") -> Rule:
    """The rule of workers, noting each bite; one row stands in the way of every bite that it is in."""

    def delete(rows: Sequence[Any]) -> Gone:
        bites.append([row.pk for row in rows])
        gone = delete_rows(rows)
        if bad in bites[-1]:
            raise IntegrityError("another table refers to it")
        return gone

    return replace(rule_of("workers"), delete=delete)


@pytest.mark.usefixtures("workers")
def test_bites_are_bounded_and_the_oldest_go_first() -> None:
    bites: list[list[str]] = []
    assert turns.carry_out(watched(bites)) == (Gone(rows=5), 0)
    assert bites == [["worker-0", "worker-1"], ["worker-2", "worker-3"], ["worker-4"]]
    assert left() == []


@pytest.mark.usefixtures("workers")
def test_turn_ends_when_its_time_is_over_and_the_next_goes_on() -> None:
    assert turns.carry_out(rule_of("workers"), ends_at=0.0) == (Gone(rows=2), 0)
    assert turns.carry_out(rule_of("workers"), ends_at=0.0) == (Gone(rows=2), 0)
    assert left() == ["worker-4"]


@pytest.mark.usefixtures("workers")
def test_row_that_cannot_be_deleted_stays_alone(caplog: pytest.LogCaptureFixture) -> None:
    rule = watched([], bad="worker-1")
    assert turns.carry_out(rule) == (Gone(rows=4), 1)
    assert left() == ["worker-1"]
    assert "not deleted: worker-1" in caplog.text
    # It is tried again, and goes once it can.
    assert turns.carry_out(rule_of("workers")) == (Gone(rows=1), 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("workers")
def test_rows_that_another_holds_are_left_to_it() -> None:
    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        list(Worker.objects.select_for_update().filter(name__in=["worker-0", "worker-3"]))
        assert pool.submit(delete_apart).result() == (Gone(rows=3), 0)
    assert left() == ["worker-0", "worker-3"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("workers")
def test_row_that_got_younger_meanwhile_stays() -> None:
    """A worker that comes back beats between the look and the lock: the row is judged as it is then."""
    Worker.objects.filter(name="worker-2").update(beat_at=Now())
    assert turns.carry_out(rule_of("workers")) == (Gone(rows=4), 0)
    assert left() == ["worker-2"]


def delete_apart() -> tuple[Gone, int]:
    try:
        return turns.carry_out(rule_of("workers"))
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("workers")
def test_two_loops_at_once_delete_everything_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(delete_apart) for _ in range(4)]
    struck("J15")
    assert sum(future.result()[0].rows for future in futures) == 5
    assert left() == []


@pytest.mark.usefixtures("workers")
def test_rule_that_fails_holds_up_no_other_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(rows: Sequence[Any]) -> Gone:
        raise IntegrityError("never")

    broken = replace(rule_of("workers"), name="broken", find=lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    stuck = replace(rule_of("workers"), name="stuck", delete=fail)
    good = rule_of("workers")
    monkeypatch.setattr(turns, "list_rules", lambda: [broken, stuck, good])
    monkeypatch.setattr(reports, "find_oldest", lambda rule: None)
    with pytest.raises(ZeroDivisionError):
        turns.delete_old()
    assert left() == []
    found = RuleReport.objects.in_bulk()
    since = found["broken"].failing_since
    assert since
    assert found["stuck"].failing_since
    assert (found["workers"].failing_since, found["workers"].all_rows) == (None, 5)
    with pytest.raises(ZeroDivisionError):
        turns.delete_old()
    # Since when, not since the last turn; and what a later turn does not find is no news.
    found = RuleReport.objects.in_bulk()
    assert found["broken"].failing_since == since
    assert (found["stuck"].failing_since, found["workers"].last_rows) == (None, 5)


def test_report_adds_up_and_names_the_oldest_left(workers: list[str]) -> None:
    young = Worker.objects.create(name="young", queues=[], beat_at=Now() - timedelta(hours=1))
    young.refresh_from_db()
    turns.delete_old()
    Worker.objects.create(name="late", queues=[], beat_at=Now() - OLD)
    turns.delete_old()
    turns.delete_old()
    report = RuleReport.objects.get(rule="workers")
    assert (report.last_rows, report.all_rows, report.oldest_at) == (1, 6, young.beat_at)
    assert report.deleted_at
    assert report.deleted_at < report.turn_at
    assert set(RuleReport.objects.values_list("rule", flat=True)) == {
        rule.name for rule in rules.list_rules()
    }


def run_command(*words: str) -> Any:
    out = StringIO()
    call_command("retention", "--json", *words, stdout=out)
    answer = json.loads(out.getvalue().splitlines()[-1])
    return answer | {"rules": {rule["rule"]: rule for rule in answer["rules"]}}


def test_command_says_what_would_go_and_then_deletes_it(
    workers: list[str], shop: Platform, local: Path
) -> None:
    upload = take(shop)
    Artifact.objects.update(created_at=Now() - timedelta(days=31))
    files = sorted(local.rglob("*"))
    dry = run_command("--dry-run")
    assert dry["dry_run"] is True
    assert dry["rules"]["workers"]["gone"] == {"rows": 5, "files": 0, "bytes": 0}
    expected = {"rows": 1, "files": 2, "bytes": upload.size_bytes}
    assert dry["rules"]["unused_uploads"]["gone"] == expected
    assert (len(left()), sorted(local.rglob("*"))) == (5, files)
    assert not RuleReport.objects.exists()

    done = run_command()["rules"]
    assert done["workers"]["gone"]["rows"] == 5
    assert (done["workers"]["age_seconds"], done["workers"]["deleted"]["rows"]) == (7 * 86_400, 5)
    assert done["unused_uploads"]["gone"]["rows"] == 1
    # Its files go in the same run: their rule comes after.
    assert done["upload_files"]["gone"]["files"] == 2
    assert done["upload_files"]["gone"]["bytes"] > upload.size_bytes
    assert [path for path in local.rglob("*") if path.is_file()] == []
    assert {rule["gone"]["rows"] for rule in run_command()["rules"].values()} == {0}
    assert not UploadFolder.objects.exists()


@pytest.mark.usefixtures("workers")
def test_command_fails_when_something_could_not_be_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rule = watched([], bad="worker-4")
    monkeypatch.setattr("genhub.management.commands.retention.list_rules", lambda: [rule])
    monkeypatch.setattr("genhub.retention.reports.list_rules", lambda: [rule])
    with pytest.raises(CommandError, match="workers"):
        call_command("retention", stdout=StringIO())
    assert left() == ["worker-4"]


def test_staff_see_what_goes_when(hire: Callable[..., Client], workers: list[str]) -> None:
    turns.delete_old()
    page = "/admin/retention/rulereport/"
    assert hire(name="eve").get(page).status_code == 403
    client = hire("retention.view_rulereport")
    text = client.get(page).content.decode()
    for words in ("Workers that gave no sign of life", "7 days", "5 rows", "1 hour", "works"):
        assert words in text
    RuleReport.objects.create(rule="of_an_older_release", turn_at=Now())
    RuleReport.objects.filter(rule="events").update(failing_since=Now())
    client.cookies["django_language"] = "zh-hans"
    text = client.get(page).content.decode()
    for words in ("没有心跳的工作进程", "7 天", "5 条", "1 小时", "未能全部删除"):
        assert words in text
    assert "of_an_older_release" not in text
    assert client.get(f"{page}workers/change/").status_code == 200
    assert client.post(f"{page}workers/change/", {"all_rows": 9}).status_code == 403


def test_place_is_behind_what_has_the_same_time(workers: list[str]) -> None:
    Worker.objects.update(beat_at=Now() - OLD)
    bites: list[list[str]] = []
    assert turns.carry_out(watched(bites), ends_at=0.0) == (Gone(rows=2), 0)
    assert turns.carry_out(watched(bites)) == (Gone(rows=3), 0)
    assert left() == []
