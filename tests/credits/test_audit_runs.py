"""Runs of the audit: what a checkpoint promises, who of many runs it, and what the command says."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from credits import audit, boundary, ledger
from credits.audit import nightly, runs
from credits.models import AuditRun, Purse, Transfer
from tests.conftest import WHY
from tests.credits.test_audit import BREAKS, damage

pytestmark = pytest.mark.django_db

# For what other sessions do meanwhile.
together = pytest.mark.django_db(transaction=True)
within = pytest.mark.usefixtures("_within")

FORGE = """
    INSERT INTO credits_transfer (id, purse_id, source, target, amount, kind, key, actor, reason, purse_version,
                                  available_after, held_after)
    SELECT gen_random_uuid(), id, 'issued', 'available', 5, 'grant', 'forged', 'x', 'x', version + 1, available + 5, held
      FROM credits_purse
"""
Rich = Callable[..., Purse]


@pytest.fixture
def _within(monkeypatch: pytest.MonkeyPatch) -> None:
    """Audit inside the test's own transaction, which is rolled back; what needs real ones has them."""
    monkeypatch.setattr(runs, "one_picture", lambda **_: nullcontext())


@pytest.fixture
def _no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The margin would hide whether the boundary itself is right."""
    monkeypatch.setattr(boundary, "MARGIN", "0 seconds")


def break_books(statement: str = BREAKS["cached_balance_equals_transfers"]) -> None:
    with transaction.atomic():
        damage(statement)


def checks_of(run: AuditRun) -> set[str]:
    return {finding["check"] for finding in run.findings}


@together
@pytest.mark.usefixtures("_no_margin")
def test_only_what_came_since_the_checkpoint_is_read(rich: Rich) -> None:
    alice = rich("alice", 100)
    checkpoint = audit.prove()
    assert checkpoint.findings == []
    break_books("UPDATE credits_transfer SET amount = 99")
    # Nothing new, nothing touched: the old row is for the nightly run.
    assert audit.prove(checkpoint).findings == []
    assert "cached_balance_equals_transfers" in checks_of(audit.prove())
    # A new transfer of the purse stands on its own feet.
    ledger.grant(alice.pk, 1, key="new", why=WHY)
    assert audit.prove(checkpoint).findings == []
    break_books("UPDATE credits_transfer SET amount = 2 WHERE key = 'grant:new'")
    assert checks_of(audit.prove(checkpoint)) == {"transfers_follow_each_other"}


@together
@pytest.mark.usefixtures("_no_margin")
@pytest.mark.parametrize("writes", ["before", "after"])
def test_a_transaction_that_is_open_across_a_checkpoint_is_read_by_the_next(
    rich: Rich, writes: str
) -> None:
    rich("alice", 100)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            if writes == "before":
                cursor.execute(FORGE)
            checkpoint = audit.prove()
            assert checkpoint.findings == []
            if writes == "after":
                cursor.execute(FORGE)
            cursor.execute("COMMIT")
    finally:
        other.close()
    forged = Transfer.objects.get(key="forged")
    # Without the look at open transactions, the first of the two would be lost between both runs.
    assert (forged.created_at < checkpoint.started_at) == (writes == "before")
    assert forged.created_at >= checkpoint.proved_until
    assert "cached_balance_equals_transfers" in checks_of(audit.prove(checkpoint))


@together
def test_the_books_are_read_as_they_stood_at_one_instant_and_nothing_is_written(rich: Rich) -> None:
    alice = rich("alice", 100)
    with runs.one_picture():
        before = Purse.objects.get(pk=alice.pk).available
        with ThreadPoolExecutor(1) as pool:
            pool.submit(grant_apart, alice).result()
        assert Purse.objects.get(pk=alice.pk).available == before
    with pytest.raises(DatabaseError, match="read-only"), runs.one_picture():
        Purse.objects.update(available=0)
    assert Purse.objects.get(pk=alice.pk).available == before + 1


def grant_apart(purse: Purse) -> None:
    try:
        ledger.grant(purse.pk, 1, key="apart", why=WHY)
    finally:
        connection.close()


@within
def test_only_a_clean_run_that_ended_is_a_checkpoint(rich: Rich) -> None:
    rich("alice", 100)
    assert runs.find_checkpoint() is None
    died = runs.begin(None)
    assert runs.find_checkpoint() is None
    clean = audit.prove()
    break_books()
    broken = audit.prove()
    assert runs.find_checkpoint() == clean == audit.read_checkpoint(str(clean))
    for run in (died, broken):
        with pytest.raises(audit.NoCheckpoint):
            audit.read_checkpoint(str(run))


@together
def test_one_of_several_loops_audits(rich: Rich) -> None:
    rich("alice", 100)
    barrier = threading.Barrier(6)

    def loop(_number: int) -> AuditRun | None:
        try:
            barrier.wait()
            return nightly.audit_when_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        done = [run for run in pool.map(loop, range(6)) if run]
    [run] = AuditRun.objects.all()
    assert done == [run]
    assert (run.since, run.findings) == (None, [])
    assert run.checks == len(audit.list_checks())


@within
def test_the_whole_audit_runs_once_a_night_and_a_short_one_in_between(
    rich: Rich, settings: Any
) -> None:
    rich("alice", 100)
    full = nightly.audit_when_due()
    assert full
    assert full.since is None
    assert nightly.audit_when_due() is None
    age(full, settings.AUDIT_MINUTES * 60 + 1)
    # It may be the night's hour in between; then the aged run is of the night before.
    settings.AUDIT_HOUR = AuditRun.objects.get().started_at.hour
    short = nightly.audit_when_due()
    assert short
    assert short.since == full
    assert short.checks < full.checks
    assert nightly.audit_when_due() is None
    age(full, 86_400)
    again = nightly.audit_when_due()
    assert again
    assert again.since is None


@within
def test_no_short_audit_when_it_is_off(rich: Rich, settings: Any) -> None:
    settings.AUDIT_MINUTES = 0
    full = nightly.audit_when_due()
    assert full
    age(full, 3600 * 2)
    settings.AUDIT_HOUR = AuditRun.objects.get().started_at.hour
    assert nightly.audit_when_due() is None


@within
def test_a_run_whose_process_died_is_run_again(rich: Rich, settings: Any) -> None:
    settings.AUDIT_MINUTES = 0
    died = nightly.take_due()
    assert died
    assert nightly.take_due() is None
    age(died, 3601)
    # It began this night, and yet another is due.
    settings.AUDIT_HOUR = AuditRun.objects.get().started_at.hour
    assert nightly.take_due()


@within
def test_a_look_that_froze_nothing_does_not_stand_for_the_nightly_run(rich: Rich) -> None:
    alice = rich("alice", 100)
    break_books()
    looked = audit.prove()
    assert looked.findings
    night = nightly.audit_when_due()
    assert night
    assert night.findings
    alice.refresh_from_db()
    assert alice.frozen_at
    # It found what it found; nobody wants it every minute.
    assert nightly.audit_when_due() is None


@together
def test_the_loop_audits_beside_the_others(rich: Rich) -> None:
    rich("alice", 100)
    assert nightly.start_due_audit() == 1
    for thread in threading.enumerate():
        if thread.name == "audit":
            thread.join()
    assert AuditRun.objects.get().checks == len(audit.list_checks())
    assert nightly.start_due_audit() == 0


def age(run: AuditRun, seconds: float) -> None:
    """Let a run have begun earlier; its record is guarded."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE credits_auditrun SET started_at = started_at - make_interval(secs => %s) WHERE id = %s",
            [seconds, run.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def audit_command(*words: str) -> tuple[int, Any, str]:
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("audit", "--json", *words, stdout=out, stderr=err)
    except SystemExit as error:
        code = int(str(error.code))
    return code, json.loads(out.getvalue().splitlines()[-1]), err.getvalue()


@together
def test_command_mends_nothing_and_says_what_is_wrong(rich: Rich) -> None:
    alice = rich("alice", 100)
    code, answer, _ = audit_command()
    assert (code, answer["ok"], answer["findings"]) == (0, True, [])
    assert answer["checks"] == len(BREAKS)
    checkpoint = answer["checkpoint"]
    assert audit_command("--since", checkpoint)[1]["since"] == checkpoint
    assert audit_command("--since", "last")[1]["ok"] is True
    break_books()
    for _ in range(2):
        code, answer, said = audit_command()
        assert (code, answer["ok"], answer["checkpoint"]) == (1, False, None)
        found = {finding["check"]: finding["rows"] for finding in answer["findings"]}
        assert found["cached_balance_equals_transfers"] == [str(alice.pk)]
        assert f"cached_balance_equals_transfers: {alice.pk}" in said
    alice.refresh_from_db()
    assert (alice.available, alice.frozen_at) == (101, None)


@within
def test_command_freezes_when_told(rich: Rich) -> None:
    alice = rich("alice", 100)
    break_books()
    assert audit_command("--freeze")[0] == 1
    alice.refresh_from_db()
    assert alice.frozen_at


@within
@pytest.mark.parametrize("word", ["audit_" + "0" * 32, "nonsense", ""])
def test_command_refuses_an_unknown_checkpoint(word: str) -> None:
    if not word:
        # Nothing was ever proved: all there is came since.
        assert audit_command("--since", "last")[1]["since"] is None
        return
    with pytest.raises(CommandError, match="was clean"):
        audit_command("--since", word)


@within
def test_the_record_of_an_audit_stays_as_it_was_written(rich: Rich) -> None:
    run = audit.prove()
    changes: list[dict[str, Any]] = [
        {"findings": []},
        {"checks": 1},
        {"proved_until": run.started_at},
    ]
    for change in changes:
        with pytest.raises(DatabaseError, match="an audit ends once"), transaction.atomic():
            AuditRun.objects.filter(pk=run.pk).update(**change)
    with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
        AuditRun.objects.filter(pk=run.pk)._raw_delete(using="default")
