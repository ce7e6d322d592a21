"""Each check of the audit is shown to fire: the books are broken on purpose, past the triggers."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import CheckConstraint
from django.utils import timezone
from rest_framework.test import APIClient

from credits import expiry, ledger
from credits.audit import CHECKS, find_broken, list_checks
from credits.models import Budget, Hold, Period, Purse
from generation.audit import AUDIT_CHECKS
from generation.life import claims
from generation.models import Account, Attempt, Task
from generation.models.refund import RefundRequest, RefundState
from generation.work.run import run_queue
from genhub.users.models import User
from templates.services import create_template, publish
from tests.conftest import WHY

# One that has ended, of a task that there is not.
BATCH = """
    WITH batch AS (
        INSERT INTO generation_batch (id, platform_id, "user", policy, state, total, pending, processing, completed,
                                      failed, canceled, price, refused, metadata, webhook, ended_at)
        SELECT gen_random_uuid(), id, 'alice', 'all', 'completed', 1, 0, 0, 1, 0, 0, 10, '[]', '{}', '',
               statement_timestamp() FROM platforms_platform
        RETURNING *
    )
"""
# Check -> what breaks it. A CHECK constraint that also stands in the way is dropped first; all is rolled back.
BREAKS = {
    "accounts_sum_to_zero": "UPDATE credits_purse SET held = held + 1 WHERE \"user\" = 'mallory'",
    "cached_balance_equals_transfers": "UPDATE credits_purse SET available = available + 1 WHERE \"user\" = 'alice'",
    "each_transfer_has_a_purse": """
        UPDATE credits_transfer SET purse_id = gen_random_uuid() WHERE kind = 'grant'
    """,
    "no_negative_balance": """
        ALTER TABLE credits_purse DROP CONSTRAINT purse_never_negative;
        UPDATE credits_purse SET available = -1 WHERE "user" = 'alice'
    """,
    "held_equals_open_holds": "UPDATE credits_hold SET amount = amount + 1 WHERE state = 'open'",
    "hold_parts_equal_transfers": """
        UPDATE credits_hold SET captured = captured - 1, released = released + 1
         WHERE state = 'settled' AND captured > 0
    """,
    "hold_is_settled_once": "UPDATE credits_transfer SET key = 'x' || key WHERE kind = 'capture'",
    "transfers_move_the_purse_of_their_hold": """
        UPDATE credits_hold SET purse_id = (SELECT id FROM credits_purse WHERE "user" = 'mallory')
         WHERE state = 'settled'
    """,
    "refund_within_capture": """
        ALTER TABLE credits_hold DROP CONSTRAINT hold_refund_within_capture;
        UPDATE credits_hold SET refunded = captured + 1 WHERE state = 'settled'
    """,
    "transfers_follow_each_other": """
        DELETE FROM credits_transfer WHERE kind = 'release'
    """,
    "keys_are_unique": "ALTER TABLE credits_transfer DROP CONSTRAINT transfer_key",
    "transfers_are_guarded": "ALTER TABLE credits_transfer DISABLE TRIGGER transfer_is_never_truncated",
    "lot_adds_up": "UPDATE credits_lot SET remaining = remaining - 1 WHERE remaining > 0",
    "lots_within_available": "UPDATE credits_lot SET amount = amount + 999, remaining = remaining + 999",
    "purse_knows_its_next_expiry": "UPDATE credits_purse SET expires_next_at = NULL",
    "expired_lots_equal_transfers": "UPDATE credits_lot SET expired = expired - 1 WHERE expired > 0",
    "lot_uses_within_hold": "UPDATE credits_lotuse SET amount = amount + 999",
    "budget_counts_its_holds": "UPDATE credits_count SET used = used + 1",
    "refunds_asked_for_were_paid": "UPDATE generation_refundrequest SET amount = amount + 1",
    "ended_task_has_settled_hold": "UPDATE generation_task SET state = 'failed' WHERE state = 'pending' AND price > 0",
    "free_task_has_no_hold": "UPDATE generation_task SET price = 0 WHERE state = 'pending' AND price > 0",
    "hold_is_of_the_tasks_owner": "UPDATE generation_task SET \"user\" = 'mallory' WHERE state = 'pending'",
    "captured_is_price_of_delivered": """
        DELETE FROM generation_output WHERE id = (SELECT min(id) FROM generation_output WHERE error_code = '')
    """,
    "edit_was_paid": """
        INSERT INTO storage_edit (artifact_id, operations, is_generated, price)
        SELECT id, '[]', false, 5 FROM storage_artifact LIMIT 1
    """,
    "completed_task_delivered": """
        DELETE FROM generation_output WHERE task_id IN (SELECT id FROM generation_task WHERE state = 'completed')
    """,
    "open_hold_has_live_task": "DELETE FROM generation_task WHERE state = 'processing'",
    "live_task_has_one_live_attempt": "UPDATE generation_attempt SET state = 'failed' WHERE state = 'running'",
    "task_agrees_with_its_last_attempt": "UPDATE generation_attempt SET state = 'failed' WHERE state = 'succeeded'",
    "share_counts_its_attempts": "UPDATE generation_share SET waiting = waiting + 1",
    "backlog_counts_what_is_under_way": "UPDATE generation_userbacklog SET pictures = pictures + 1",
    "end_was_told": """
        INSERT INTO webhooks_endpoint (id, platform_id, url, description, events, is_enabled, disabled_why, secret,
                                       previous_secret, failures, asks_since)
        SELECT gen_random_uuid(), id, 'https://app.example.com', '', '{task.completed}', true, '', '',
               '', 0, statement_timestamp() - interval '1 day' FROM platforms_platform
    """,
    "batch_counts_its_tasks": BATCH + "SELECT * FROM batch",  # noqa: S608 (our own text)
    "end_of_batch_was_told": BATCH + """
        INSERT INTO webhooks_endpoint (id, platform_id, url, description, events, is_enabled, disabled_why, secret,
                                       previous_secret, failures, asks_since)
        SELECT gen_random_uuid(), platform_id, 'https://app.example.com', '', '{batch.completed}', true, '', '',
               '', 0, statement_timestamp() - interval '1 day' FROM batch
    """,  # noqa: S608
    "free_use_has_live_task": """
        INSERT INTO credits_freeuse (reference, count_id) SELECT gen_random_uuid(), min(id) FROM credits_count
    """,
}  # fmt: skip
# What a lost update, a wrong refund or a hand in the database may do, whichever check it is that finds it.
OTHER_DAMAGE = [
    "UPDATE credits_purse SET held = held + 1, available = available - 1 WHERE \"user\" = 'alice'",
    "UPDATE credits_purse SET version = version + 1 WHERE \"user\" = 'alice'",
    "UPDATE credits_transfer SET amount = amount + 1 WHERE kind = 'grant'",
    "UPDATE credits_transfer SET available_after = available_after - 1 WHERE kind = 'hold'",
    "UPDATE credits_transfer SET purse_version = purse_version + 100 WHERE kind = 'capture'",
    "UPDATE credits_transfer SET hold_id = NULL WHERE kind = 'capture'",
    "DELETE FROM credits_transfer WHERE kind = 'grant'",
    "DELETE FROM credits_transfer",
    "DELETE FROM credits_hold WHERE state = 'open'",
    "DELETE FROM credits_hold WHERE state = 'settled'",
    "UPDATE generation_task SET state = 'canceled' WHERE state = 'processing'",
    "UPDATE generation_task SET state = 'pending' WHERE state = 'completed' AND price > 0",
    "UPDATE generation_task SET price = price + 1 WHERE price > 0",
    "UPDATE generation_task SET unit_price = unit_price + 1 WHERE state = 'completed'",
    "DELETE FROM generation_attempt WHERE state = 'queued'",
    "UPDATE generation_attempt SET state = 'running' WHERE state = 'succeeded'",
    "UPDATE credits_hold SET overrun = 0 WHERE overrun > 0",
    "UPDATE credits_transfer SET key = 'expire:nothing:0' WHERE kind = 'expire'",
    "UPDATE credits_lot SET purse_id = (SELECT id FROM credits_purse WHERE \"user\" = 'mallory')",
    "UPDATE credits_lot SET remaining = remaining + 1, amount = amount + 1 WHERE expired > 0",
    "UPDATE credits_lotuse SET returned = captured WHERE captured > 0",
    "UPDATE credits_purse SET expires_next_at = now() WHERE \"user\" = 'mallory'",
    "DELETE FROM credits_budgetuse",
    "UPDATE generation_task SET state = 'failed' WHERE state = 'completed' AND price > 0",
    """
        INSERT INTO credits_lotuse (hold_id, lot_id, amount)
        SELECT h.id, l.id, 1 FROM credits_hold h, credits_lot l ON CONFLICT DO NOTHING
    """,
]


TASK_CHECKS = [
    constraint.name
    for model in (Task, Attempt)
    for constraint in model._meta.constraints
    if isinstance(constraint, CheckConstraint)
]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def house(alice: APIClient, mallory: APIClient, stub: Account) -> None:
    """One task of each kind: completed in part and refunded, completed for nothing, running, waiting; lots that are
    in use and expired; budgets; an overrun."""
    purse, now = Purse.objects.get(user="alice"), timezone.now()
    Budget.objects.create(purse=purse, period=Period.TOTAL, most=1000)
    Budget.objects.create(purse=purse, period=Period.CONCURRENT, most=10)
    ledger.grant(purse.pk, 7, key="soon", why=WHY, expires_at=now + timedelta(hours=1))
    assert expiry.expire_lots(at=now + timedelta(hours=2)) == 1
    ledger.grant(purse.pk, 45, key="later", why=WHY, expires_at=now + timedelta(days=9))

    def submit(**words: Any) -> None:
        assert alice.post("/api/v1/generate", words, format="json").status_code == 202

    publish(create_template("free", name="Free", prompt="a star", price=0), actor="tests")
    submit(prompt="stub:refuse=1", num_images=4)
    refund_half(Task.objects.get())
    submit(template="free")
    run_queue("local")
    submit(prompt="runs")
    submit(prompt="waits")
    claims.claim_next("local", worker="tests")
    ledger.settle(ledger.hold(purse.pk, 5, reference=uuid.uuid4()), 8)


def refund_half(task: Task) -> None:
    run_queue("local")
    staff = User.objects.create_user("dave", is_staff=True)
    RefundRequest.objects.create(
        task=task,
        amount=15,
        reason="the stars were circles",
        state=RefundState.DONE,
        requested_by=staff,
    )
    hold = Hold.objects.get(reference=task.pk)
    assert ledger.refund(hold.pk, 15, key="a", why=WHY)


def broken(since: datetime | None = None) -> set[str]:
    return {finding.check for finding in find_broken(list_checks(), since)}


def damage(statement: str) -> None:
    with connection.cursor() as cursor:
        # Nothing deferred may be pending when a constraint is dropped.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        # The damage is older than the CHECKs of tasks, which then hold for later rows alone.
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = ANY(%s)",
            [TASK_CHECKS],
        )
        checks = cursor.fetchall()
        assert len(checks) == len(TASK_CHECKS)
        for table, name, _ in checks:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(statement)
        for table, name, check in checks:
            rule = check.removesuffix(" NOT VALID")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule} NOT VALID")
        cursor.execute("SET LOCAL session_replication_role = origin")


def broken_by(statement: str, since: datetime | None = None) -> set[str]:
    """Return what is broken after this damage, and undo it."""
    with transaction.atomic():
        damage(statement)
        found = broken(since)
        transaction.set_rollback(True)
    return found


class Containing:
    """Equals every set that holds this name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, set) and self.name in other

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"{{…, {self.name!r}}}"


def test_every_check_has_something_that_breaks_it() -> None:
    assert set(BREAKS) == {*CHECKS, *AUDIT_CHECKS} == set(list_checks())


@pytest.mark.django_db
@pytest.mark.usefixtures("house")
def test_every_check_fires() -> None:
    assert broken() == set()
    assert {check: broken_by(statement) for check, statement in BREAKS.items()} == {
        check: Containing(check) for check in BREAKS
    }
    assert broken() == set()


@pytest.mark.django_db
@pytest.mark.usefixtures("house")
def test_every_check_of_new_rows_fires_on_what_came_since_a_checkpoint() -> None:
    checks = [check for check in BREAKS if list_checks()[check].since is not None]
    assert len(checks) > len(BREAKS) / 2
    assert broken(since=LONG_AGO) == set()
    assert {check: broken_by(BREAKS[check], since=LONG_AGO) for check in checks} == {
        check: Containing(check) for check in checks
    }
    # Nothing came since: only what is about the tables themselves is looked at again.
    late = datetime(2100, 1, 1, tzinfo=UTC)
    assert set().union(*(broken_by(BREAKS[check], since=late) for check in checks)) == {
        "keys_are_unique", "transfers_are_guarded"
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.usefixtures("house")
def test_all_other_damage_is_found() -> None:
    assert [statement for statement in OTHER_DAMAGE if not broken_by(statement)] == []


@pytest.mark.django_db
@pytest.mark.usefixtures("house")
def test_audit_names_the_broken_row_and_the_purse_that_it_is_of() -> None:
    purse = Purse.objects.get(user="alice")
    damage("UPDATE credits_hold SET overrun = overrun + 1 WHERE overrun > 0")
    [finding] = find_broken(CHECKS)
    hold = Hold.objects.get(overrun__gt=0)
    assert (finding.check, finding.rows) == ("hold_parts_equal_transfers", [str(hold.pk)])
    assert finding.purses == {str(purse.pk)}


@pytest.mark.django_db
def test_every_broken_purse_is_named_though_rows_are_cut(rich: Callable[..., Purse]) -> None:
    purses = {str(rich(f"user{i}", 1).pk) for i in range(120)}
    damage("UPDATE credits_purse SET available = available + 1")
    finding = next(f for f in find_broken(CHECKS) if f.check == "cached_balance_equals_transfers")
    assert (len(finding.rows), finding.count, finding.purses) == (100, 120, frozenset(purses))
