"""A purse whose books are wrong: frozen by the audit, refused at submit, set right by a person, proved anew."""

import logging
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from credits import audit, freezes, ledger
from credits.audit import runs
from credits.errors import InsufficientCredits, InvalidAmount, KeyReused, NotFrozen, PurseFrozen
from credits.models import AuditRun, Freeze, Purse, Transfer
from generation.life import claims
from generation.models import Task
from generation.work.run import run_queue
from tests.conftest import WHY
from tests.credits.test_audit_runs import FORGE

REASON = ledger.Why("dave", "counted the receipts by hand")
Rich = Callable[..., Purse]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_within")]

# Each leaves the purse's books wrong in another way.
DAMAGE = {
    "a changed balance": "UPDATE credits_purse SET available = available + 50 WHERE \"user\" = 'alice'",
    "a changed reserve": "UPDATE credits_purse SET held = held + 3 WHERE \"user\" = 'alice'",
    "a forged transfer": FORGE + "WHERE \"user\" = 'alice'",
    "a changed transfer": "UPDATE credits_transfer SET amount = amount + 1 WHERE kind = 'capture'",
    "a lost transfer": "DELETE FROM credits_transfer WHERE kind = 'capture'",
    "a changed hold": """
        UPDATE credits_hold SET captured = captured - 1, released = released + 1 WHERE state = 'settled'
    """,
    "a lost hold": """
        DELETE FROM credits_hold WHERE state = 'settled'; UPDATE credits_transfer SET hold_id = NULL WHERE kind <> 'grant'
    """,
    "a changed lot": "UPDATE credits_lot SET remaining = remaining + 1, expired = 0",
}


@pytest.fixture
def _within(monkeypatch: pytest.MonkeyPatch) -> None:
    """Audit inside the test's own transaction, which is rolled back; what needs real ones has them."""
    monkeypatch.setattr(runs, "one_picture", lambda **_: nullcontext())


def damage(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Nothing deferred may be pending when a trigger is switched off.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def submit(client: APIClient) -> int:
    answer = client.post("/api/v1/generate", {"prompt": "a star"}, format="json")
    if answer.status_code == 409:
        assert answer.json()["code"] == "purse_frozen"
    return answer.status_code


def night() -> set[str]:
    """Audit as the loops do, and return what was broken."""
    return {finding["check"] for finding in audit.prove(freezes=True).findings}


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize("statement", DAMAGE.values(), ids=DAMAGE.keys())
def test_broken_frozen_stated_proved(
    alice: APIClient, mallory: APIClient, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    purse = Purse.objects.get(user="alice")
    ledger.grant(purse.pk, 25, key="lot", why=WHY, expires_at=timezone.now() + timedelta(days=9))
    assert submit(alice) == 202
    run_queue("local")
    assert night() == set()
    damage(statement)
    with caplog.at_level(logging.ERROR, "credits"):
        broken = night()
        assert broken
        # The second run finds the same and says nothing new.
        assert night() == broken
    alerts = [record.getMessage() for record in caplog.records if "froze" in record.getMessage()]
    assert len(alerts) == 1
    assert str(purse.pk) in alerts[0]
    row = Freeze.objects.get()
    assert set(row.checks) <= broken
    assert all(check in alerts[0] for check in row.checks)
    assert submit(alice) == 409
    assert submit(mallory) == 202
    # It mends nothing: the books are as broken as before.
    assert night() == broken

    freezes.unfreeze(purse.pk, available=110, key="a", why=REASON)
    assert night() == set()
    purse.refresh_from_db()
    assert (purse.available, purse.held, purse.frozen_at) == (110, 0, None)
    assert submit(alice) == 202
    run_queue("local")
    assert Task.objects.filter(user="alice", state="completed").count() == 2
    purse.refresh_from_db()
    assert (purse.available, purse.held) == (100, 0)
    assert night() == set()
    # And a later damage is found as ever.
    damage("UPDATE credits_purse SET available = 99 WHERE \"user\" = 'alice'")
    assert "cached_balance_equals_transfers" in night()


@pytest.mark.usefixtures("stub")
def test_tasks_under_way_still_end_while_their_purse_is_frozen(alice: APIClient) -> None:
    assert (submit(alice), submit(alice)) == (202, 202)
    running = claims.claim_next("local", worker="tests")
    assert running
    purse = Purse.objects.get(user="alice")
    damage(DAMAGE["a changed balance"])
    assert night()
    task = Task.objects.exclude(pk=running.task_id).get()
    run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"
    purse.refresh_from_db()
    assert purse.frozen_at
    assert purse.held == 10
    assert Transfer.objects.filter(kind__in=["capture", "release"]).count() == 1
    freezes.unfreeze(purse.pk, available=80, key="a", why=REASON)
    assert night() == set()


def test_a_frozen_purse_settles_and_refunds_but_holds_nothing(rich: Rich) -> None:
    purse = rich("alice", 100)
    first, second = (ledger.hold(purse.pk, 30, reference=uuid.uuid4()) for _ in range(2))
    assert freezes.freeze(purse.pk, ["cached_balance_equals_transfers"])
    assert not freezes.freeze(purse.pk, ["no_negative_balance"])
    assert Freeze.objects.get().checks == ["cached_balance_equals_transfers"]
    with pytest.raises(PurseFrozen):
        ledger.hold(purse.pk, 1, reference=uuid.uuid4())
    ledger.settle(first, 20)
    ledger.release(second)
    ledger.refund(first, 5, key="a", why=WHY)
    ledger.grant(purse.pk, 1, key="more", why=WHY)
    purse.refresh_from_db()
    assert (purse.available, purse.held) == (86, 0)
    assert audit.audit() == []


def test_only_a_frozen_purse_is_unfrozen_and_only_once(rich: Rich) -> None:
    purse = rich("alice", 100)
    with pytest.raises(NotFrozen):
        freezes.unfreeze(purse.pk, available=100, key="a", why=REASON)
    freezes.freeze(purse.pk, ["x"])
    with pytest.raises(InvalidAmount):
        freezes.unfreeze(purse.pk, available=-1, key="a", why=REASON)
    freezes.unfreeze(purse.pk, available=90, key="a", why=REASON)
    with pytest.raises(NotFrozen):
        freezes.unfreeze(purse.pk, available=95, key="b", why=REASON)
    move = Transfer.objects.get(kind="adjust")
    assert (move.source, move.amount, move.available_after) == ("available", 10, 90)
    assert (move.actor, move.reason) == (REASON.actor, REASON.reason)
    row = Freeze.objects.get()
    assert (row.lifted_by, row.reason, row.available, row.held) == (*vars(REASON).values(), 90, 0)
    assert audit.audit() == []


def test_what_follows_a_stated_balance_must_follow_from_it(rich: Rich) -> None:
    purse = rich("alice", 100)
    freezes.freeze(purse.pk, ["x"])
    freezes.unfreeze(purse.pk, available=90, key="a", why=REASON)
    ledger.grant(purse.pk, 5, key="b", why=WHY)
    ledger.grant(purse.pk, 5, key="c", why=WHY)
    assert night() == set()
    damage("UPDATE credits_transfer SET available_after = 96 WHERE key = 'grant:b'")
    assert night() == {"transfers_follow_each_other"}
    wrong = {
        str(pk)
        for pk in Transfer.objects.filter(key__in=["grant:b", "grant:c"]).values_list(
            "pk", flat=True
        )
    }
    [finding] = AuditRun.objects.order_by("-id")[0].findings
    assert set(finding["rows"]) == wrong


def test_a_freeze_that_a_person_ended_while_the_audit_read_is_not_set_again(rich: Rich) -> None:
    purse = rich("alice", 100)
    damage(DAMAGE["a changed balance"])
    assert night()
    run = runs.begin(None)
    findings = audit.find_mistakes()
    freezes.unfreeze(purse.pk, available=100, key="a", why=REASON)
    runs.freeze_broken(run, findings)
    purse.refresh_from_db()
    assert purse.frozen_at is None
    assert night() == set()


def test_what_is_no_purses_is_told_and_freezes_nobody(
    rich: Rich, caplog: pytest.LogCaptureFixture
) -> None:
    rich("alice", 100)
    damage("ALTER TABLE credits_transfer DISABLE TRIGGER transfer_is_append_only")
    try:
        with caplog.at_level(logging.ERROR, "credits"):
            assert night() == {"transfers_are_guarded"}
    finally:
        damage("ALTER TABLE credits_transfer ENABLE TRIGGER transfer_is_append_only")
    assert "transfers_are_guarded broken: delete, update" in caplog.text
    assert not Freeze.objects.exists()
    assert AuditRun.objects.get().findings[0]["purses"] == []


def test_adjustments_go_both_ways_and_never_below_zero(rich: Rich) -> None:
    purse = rich("alice", 100)
    assert ledger.adjust(purse.pk, -40, key="a", why=REASON)
    assert not ledger.adjust(purse.pk, -40, key="a", why=REASON)
    for other in (40, -41):
        with pytest.raises(KeyReused):
            ledger.adjust(purse.pk, other, key="a", why=REASON)
    with pytest.raises(InsufficientCredits):
        ledger.adjust(purse.pk, -61, key="b", why=REASON)
    assert ledger.adjust(purse.pk, 5, key="c", why=REASON)
    purse.refresh_from_db()
    assert purse.available == 65
    assert audit.audit() == []
