"""Nobody changes what was written: not through the ORM, not by raw SQL, not from a fixture."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.models.functions import Now

from credits import freezes, ledger
from credits.audit import audit
from credits.models import Budget, Count, Freeze, Hold, Lot, LotUse, Purse, Transfer
from genhub.lib.ids import new_id

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def purse(rich: Callable[..., Purse]) -> Purse:
    """A purse with an open hold and a settled one that was refunded in part, beside an empty one."""
    rich("bob", 0)
    purse = rich("alice", 100)
    ledger.hold(purse.pk, 10, reference=uuid.uuid4())
    settled = ledger.hold(purse.pk, 40, reference=uuid.uuid4())
    ledger.settle(settled, 30)
    ledger.refund(settled, 5, key="a", why=ledger.Why("staff", "a good reason"))
    # What is still deferred would refuse a TRUNCATE before the guards do.
    sql("SET CONSTRAINTS ALL IMMEDIATE")()
    return purse


def snapshot() -> list[Any]:
    rows = [
        list(model._default_manager.order_by("pk").values())
        for model in (Transfer, Hold, Purse, Lot, LotUse, Freeze, Count)
    ]
    return [*rows, audit()]


GUARD = r"credits: \w+ on credits_\w+ is refused"


def refused(act: Callable[[], Any], *errors: type[Exception], match: str | None = None) -> None:
    before = snapshot()
    with pytest.raises(errors or (IntegrityError,), match=match), transaction.atomic():
        act()
    assert snapshot() == before
    assert before[-1] == []


def sql(statement: str, *values: Any) -> Callable[[], None]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    return run


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credits_transfer SET amount = amount + 1",
        "UPDATE credits_transfer SET amount = amount",
        "UPDATE credits_transfer SET reason = 'x' WHERE kind = 'refund'",
        "UPDATE credits_transfer SET created_at = now()",
        "UPDATE credits_transfer SET key = key || 'x'",
        "DELETE FROM credits_transfer",
        "DELETE FROM credits_transfer WHERE kind = 'grant'",
        "TRUNCATE credits_transfer, credits_grantrequest",
        "TRUNCATE credits_transfer CASCADE",
        "TRUNCATE credits_purse CASCADE",
        "DELETE FROM credits_purse",
        "DELETE FROM credits_purse WHERE id NOT IN (SELECT purse_id FROM credits_hold)",
        "TRUNCATE credits_hold CASCADE",
        "TRUNCATE platforms_platform CASCADE",
        "INSERT INTO credits_transfer SELECT * FROM credits_transfer ON CONFLICT (id) DO UPDATE SET amount = 10000",
        "MERGE INTO credits_transfer t USING credits_hold h ON t.hold_id = h.id WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM credits_transfer RETURNING id) SELECT count(*) FROM gone",
    ],
)
def test_transfers_are_append_only_by_sql(purse: Purse, statement: str) -> None:
    refused(sql(statement), match=GUARD)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM credits_hold",
        "DELETE FROM credits_hold WHERE state = 'open'",
        "UPDATE credits_hold SET amount = amount + 1",
        "UPDATE credits_hold SET reference = gen_random_uuid()",
        "UPDATE credits_hold SET id = gen_random_uuid()",
        "UPDATE credits_hold SET created_at = now() - interval '1 day'",
        "UPDATE credits_hold SET state = 'open' WHERE state = 'settled'",
        "UPDATE credits_hold SET state = 'open', captured = 0, released = 0, settled_at = NULL WHERE state = 'settled'",
        "UPDATE credits_hold SET captured = captured - 1, released = released + 1 WHERE state = 'settled'",
        "UPDATE credits_hold SET settled_at = now() - interval '1 day' WHERE state = 'settled'",
        "UPDATE credits_hold SET refunded = refunded - 1 WHERE state = 'settled'",
        "UPDATE credits_hold SET refunded = captured + 1 WHERE state = 'settled'",
        "UPDATE credits_hold SET state = 'settled', captured = 10 WHERE state = 'open'",
        "UPDATE credits_hold SET state = 'settled', captured = 9, settled_at = now() WHERE state = 'open'",
        "UPDATE credits_hold SET captured = -1, released = 11 WHERE state = 'open'",
    ],
)
def test_holds_move_forward_only_by_sql(purse: Purse, statement: str) -> None:
    refused(sql(statement), DatabaseError)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE credits_purse SET available = -1", "UPDATE credits_purse SET held = held - 11",
     "UPDATE credits_purse SET available = NULL", "UPDATE credits_purse SET available = 9223372036854775807 + 1"],
)  # fmt: skip
def test_purse_is_never_negative_or_absurd(purse: Purse, statement: str) -> None:
    refused(sql(statement), DatabaseError)


@pytest.fixture
def drawn(purse: Purse) -> Purse:
    """The purse with a lot of 50, of which an open hold took 20."""
    soon = Now() + timedelta(days=9)
    at = Purse.objects.annotate(soon=soon).values_list("soon", flat=True).get(pk=purse.pk)
    ledger.grant(purse.pk, 50, key="lot", why=ledger.Why("staff", "a gift"), expires_at=at)
    ledger.hold(purse.pk, 20, reference=uuid.uuid4())
    freezes.freeze(purse.pk, ["a check"])
    freezes.unfreeze(purse.pk, available=10, key="a", why=ledger.Why("staff", "counted anew"))
    sql("SET CONSTRAINTS ALL IMMEDIATE")()
    return purse


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM credits_lotuse",
        "DELETE FROM credits_lot",
        "TRUNCATE credits_lot CASCADE",
        "TRUNCATE credits_lotuse",
        "UPDATE credits_lot SET remaining = amount + 1",
        "UPDATE credits_lot SET amount = amount + 100",
        "UPDATE credits_lot SET expires_at = expires_at + interval '1 day'",
        "UPDATE credits_lot SET expired = -1",
        "UPDATE credits_lotuse SET captured = amount + 1",
        "UPDATE credits_lotuse SET returned = captured + 1",
        "UPDATE credits_hold SET overrun = -1",
        "UPDATE credits_hold SET expires_at = now() + interval '9 years'",
        "UPDATE credits_freeze SET available = 10000",
        "UPDATE credits_freeze SET lifted_at = NULL",
        "DELETE FROM credits_freeze",
        "TRUNCATE credits_freeze",
        "UPDATE credits_count SET used = -1",
    ],
)
def test_lots_and_freezes_are_guarded_by_sql(drawn: Purse, statement: str) -> None:
    if "count" in statement:
        Budget.objects.create(purse=drawn, period="total", most=100)
        ledger.hold(drawn.pk, 1, reference=uuid.uuid4())
    refused(sql(statement), DatabaseError)


def change_row() -> None:
    row = Transfer.objects.filter(kind="grant").get()
    row.amount = 10_000
    row.save()


def change_hold() -> None:
    row = Hold.objects.filter(state="open").get()
    row.amount = 1
    row.save(update_fields=["amount"])


@pytest.mark.parametrize(
    "act",
    [
        lambda: Transfer.objects.update(amount=1),
        lambda: Transfer.objects.filter(kind="grant").update(reason="x"),
        lambda: Transfer.objects.all().delete(),
        lambda: Transfer.objects.filter(kind="grant").get().delete(),
        lambda: Transfer.objects.filter(kind="refund")._raw_delete(using="default"),
        lambda: Hold.objects.filter(state="open").delete(),
        lambda: Hold.objects.filter(state="settled").update(refunded=0),
        lambda: Purse.objects.all().delete(),
        change_row,
        change_hold,
    ],
)  # fmt: skip
def test_orm_is_refused_likewise(purse: Purse, act: Callable[[], Any]) -> None:
    refused(act, IntegrityError, ProtectedError)


def insert(**changed: Any) -> Callable[[], None]:
    """Write a transfer past the ledger, right but for what is changed."""
    purse = Purse.objects.get(user="alice")
    words: dict[str, Any] = {
        "id": new_id(), "purse": purse, "source": "issued", "target": "available", "amount": 5, "kind": "grant",
        "key": "forged", "actor": "x", "reason": "x", "purse_version": purse.version + 1,
        "available_after": purse.available + 5, "held_after": purse.held,
    }  # fmt: skip
    return lambda: Transfer(**{**words, **changed}).save(force_insert=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 0},
        {"amount": -5},
        {"source": "available", "target": "available"},
        {"source": "available", "target": "issued"},
        {"source": "revenue"},
        {"kind": "refund"},
        {"kind": "gift"},
        {"key": "grant:alice:100"},
        {"purse_version": 1},
    ],
    ids=str,
)
def test_forged_transfer_that_breaks_a_rule_is_refused(
    purse: Purse, changed: dict[str, Any]
) -> None:
    refused(insert(**changed))


def test_forged_transfer_that_keeps_the_rules_is_found_by_the_audit(purse: Purse) -> None:
    assert audit() == []
    insert()()
    assert "cached_balance_equals_transfers" in {finding.check for finding in audit()}


@pytest.mark.parametrize("model", [Transfer, Hold])
def test_fixture_cannot_change_a_row(purse: Purse, tmp_path: Path, model: Any) -> None:
    path = tmp_path / "rows.json"
    label = f"credits.{model.__name__}"
    call_command("dumpdata", label, output=str(path))
    rows = json.loads(path.read_text())
    for row in rows:
        row["fields"]["amount"] = 10_000
    path.write_text(json.dumps(rows))
    refused(lambda: call_command("loaddata", str(path), verbosity=0))


def test_flush_without_the_suites_exception_is_refused(purse: Purse) -> None:
    # The ledger's own tables: other apps guard theirs too, and whichever comes first would answer.
    every = connection.introspection.django_table_names(only_existing=True)
    tables = [table for table in every if table.startswith("credits_")]
    statements = connection.ops.sql_flush(no_style(), tables, allow_cascade=True)
    assert statements
    refused(sql("; ".join(statements)), match=GUARD)


def test_plain_database_role_cannot_pass_the_triggers(purse: Purse) -> None:
    sql("CREATE ROLE sceptic NOSUPERUSER NOLOGIN")()
    sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO sceptic")()
    sql("SET LOCAL ROLE sceptic")()
    for statement in (
        "SET LOCAL session_replication_role = replica",
        "ALTER TABLE credits_transfer DISABLE TRIGGER ALL",
        "DROP TRIGGER transfer_is_append_only ON credits_transfer",
        "UPDATE credits_transfer SET amount = 1",
        "TRUNCATE credits_transfer, credits_grantrequest",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)()
    sql("RESET ROLE")()


def test_nothing_but_the_suites_flush_passes_the_triggers() -> None:
    folders = ("genhub", "generation", "credits", "storage", "templates", "deploy")
    setting = "session_replication_role"
    found = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in {".py", ".sql", ".sh", ".yml", ".yaml", ".toml", ".env"}
        and setting in path.read_text(errors="replace")
    }  # fmt: skip
    assert found == {"credits/migrations/0002_guards.py"}
    text = (ROOT / "credits/migrations/0002_guards.py").read_text()
    assert setting not in text.split('"""')[2], "only its docstring speaks of it"
