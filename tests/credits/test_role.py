"""The reduced database role: it runs the whole ledger, and can neither change what was written nor how it is kept."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from credits import audit, expiry, freezes, ledger
from credits.audit import nightly, runs
from credits.models import AuditRun, Budget, Hold, Period, Purse, Transfer
from generation.models import Account, Event, Task
from generation.work.run import run_queue
from genhub.platforms.models import IdempotencyKey
from genhub.retention.models import RuleReport
from genhub.retention.turns import delete_old
from tests.books import find_mistakes
from tests.conftest import WHY
from tests.credits.test_audit_runs import age

ROLE = Path(__file__).resolve().parents[2] / "deploy" / "database-role.sql"

pytestmark = pytest.mark.django_db


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def as_role(alice: APIClient, stub: Account) -> Iterator[APIClient]:
    """Alice's client and 100 credits, on connections that are the services' role."""
    for _ in range(2):
        sql(ROLE.read_text())
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET LOCAL ROLE genhub_app")
    yield alice
    sql("RESET ROLE")


def test_the_role_runs_orders_and_money_from_beginning_to_end(as_role: APIClient) -> None:
    purse = Purse.objects.get(user="alice")
    Budget.objects.create(purse=purse, period=Period.DAY, most=500)
    now = timezone.now()
    assert ledger.grant(purse.pk, 30, key="lot", why=WHY, expires_at=now + timedelta(days=1))
    body = {"prompt": "stub:refuse=1", "num_images": 4}
    assert as_role.post("/api/v1/generate", body, format="json").status_code == 202
    run_queue("local")
    task = Task.objects.get()
    assert task.state == "completed"
    hold = Hold.objects.get(reference=task.pk)
    assert (hold.captured, hold.released) == (30, 10)
    assert ledger.refund(hold.pk, 12, key="a", why=WHY)
    ledger.settle(ledger.hold(purse.pk, 5, reference=uuid.uuid4()), 9)
    assert expiry.expire_lots(at=now + timedelta(days=2)) == 1
    assert ledger.adjust(purse.pk, -1, key="a", why=WHY)
    assert freezes.freeze(purse.pk, ["a check"])
    freezes.unfreeze(purse.pk, available=50, key="b", why=WHY)
    kinds = set(Transfer.objects.values_list("kind", flat=True))
    assert kinds == {"grant", "hold", "capture", "release", "refund", "overrun", "expire", "adjust"}
    assert find_mistakes() == []
    run = nightly.take_due()
    assert run
    AuditRun.objects.filter(pk=run.pk).update(checks=1)
    assert audit.find_checkpoint() == run


def test_the_role_deletes_what_is_old(as_role: APIClient, settings: Any) -> None:
    body = {"prompt": "a star"}
    words: dict[str, Any] = {"format": "json", "HTTP_IDEMPOTENCY_KEY": "k"}
    assert as_role.post("/api/v1/generate", body, **words).status_code == 202
    run_queue("local")
    whole = runs.begin(None)
    old = runs.begin(whole)
    later = runs.begin(None)
    for run in (old, later):
        AuditRun.objects.filter(pk=run.pk).update(checks=1)
    sql("RESET ROLE")
    age(old, 3 * 86_400)
    age(whole, 3 * 86_400)
    sql("UPDATE generation_event SET created_at = created_at - interval '3 days'")
    sql("UPDATE generation_task SET completed_at = completed_at - interval '3 days'")
    sql("UPDATE platforms_idempotencykey SET created_at = created_at - interval '3 days'")
    sql("SET LOCAL ROLE genhub_app")
    settings.KEEP_DAYS = dict.fromkeys(settings.KEEP_DAYS, 2)
    delete_old()
    assert not Event.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert set(AuditRun.objects.all()) == {whole, later}
    reports = RuleReport.objects.values_list("rule", "all_rows")
    assert {rule: rows for rule, rows in reports if rows} == {
        "events": 4, "order_keys": 1, "audits": 1,
    }  # fmt: skip


REFUSED = [
    "UPDATE credits_transfer SET amount = 1",
    "UPDATE credits_transfer SET reason = ''",
    "DELETE FROM credits_transfer",
    "TRUNCATE credits_transfer CASCADE",
    "TRUNCATE credits_hold CASCADE",
    "DELETE FROM credits_hold",
    "DELETE FROM credits_purse",
    "DELETE FROM credits_lot",
    "DELETE FROM credits_lotuse",
    "DELETE FROM credits_count",
    "DELETE FROM credits_freeze",
    "DELETE FROM generation_task",
    "DELETE FROM generation_output",
    "SELECT * FROM credits_transfer FOR UPDATE",
    "ALTER TABLE credits_transfer DISABLE TRIGGER transfer_is_append_only",
    "ALTER TABLE credits_transfer DISABLE TRIGGER ALL",
    "ALTER TABLE credits_purse DROP CONSTRAINT purse_never_negative",
    "ALTER TABLE credits_transfer ADD COLUMN x int",
    "DROP TRIGGER transfer_is_append_only ON credits_transfer",
    "DROP INDEX transfer_by_time",
    "DROP TABLE credits_transfer CASCADE",
    "CREATE TABLE x (x int)",
    "CREATE OR REPLACE FUNCTION credits_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    "CREATE RULE x AS ON INSERT TO credits_transfer DO INSTEAD NOTHING",
    "CREATE TRIGGER x BEFORE INSERT ON credits_transfer FOR EACH ROW EXECUTE FUNCTION credits_refuse()",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('credits', '0099', now())",
    "SET LOCAL session_replication_role = replica",
    "CREATE ROLE x",
]


@pytest.mark.usefixtures("as_role")
def test_the_role_is_refused_whatever_changes_what_was_written_or_how_it_is_kept() -> None:
    assert [statement for statement in REFUSED if not is_refused(statement)] == []
    # PostgreSQL only warns that nothing was granted.
    sql("GRANT UPDATE ON credits_transfer TO genhub_app")
    assert is_refused(REFUSED[0])


def is_refused(statement: str) -> bool:
    try:
        with transaction.atomic():
            sql(statement)
    except DatabaseError as error:
        return bool(re.search("permission denied|must be owner", str(error)))
    return False


@pytest.mark.usefixtures("as_role")
def test_every_table_of_the_ledger_is_kept_from_deletion() -> None:
    """A table that a later migration adds must be named in the file too, or be named here as one that may shrink."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relname LIKE 'credits\\_%%'"
            " AND has_table_privilege('genhub_app', c.oid, 'DELETE') ORDER BY 1",
            [],
        )
        # A free order under way is counted by a row that goes with its end; no credit hangs on it. Of audits a trigger
        # keeps all but those that were clean and that a later one made superfluous.
        may_shrink = [
            "credits_auditrun",
            "credits_freeuse",
            "credits_grantrule",
            "credits_pricerule",
        ]
        assert [name for (name,) in cursor.fetchall()] == may_shrink
        cursor.execute(
            "SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
            " AND (has_table_privilege('genhub_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER')"
            " OR pg_get_userbyid(c.relowner) = 'genhub_app')"
        )
        assert cursor.fetchone() == (0,)


def test_the_file_needs_no_words_of_psql() -> None:
    statements = re.sub(r"--.*", "", ROLE.read_text())
    assert "\\" not in statements
