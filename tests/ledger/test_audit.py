"""Each check of the audit is shown to fire: the books are broken on purpose, past the triggers."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from rest_framework.test import APIClient

from credits.audit import CHECKS, find_broken
from credits.models import Purse
from generation import claims
from generation.models import Provider
from generation.selectors import AUDIT_CHECKS
from generation.services.run import run_queue
from templates.services import create_template, publish

# Check -> what breaks it. A CHECK constraint that also stands in the way is dropped first; all is rolled back.
BREAKS = {
    "cached_balance_equals_transfers": "UPDATE credits_purse SET available = available + 1 WHERE \"user\" = 'alice'",
    "no_negative_balance": """
        ALTER TABLE credits_purse DROP CONSTRAINT purse_never_negative;
        UPDATE credits_purse SET available = -1 WHERE "user" = 'alice'
    """,
    "held_equals_open_holds": "UPDATE credits_hold SET amount = amount + 1 WHERE state = 'open'",
    "hold_parts_equal_transfers": """
        UPDATE credits_hold SET captured = captured - 1, released = released + 1
         WHERE state = 'settled' AND captured > 0
    """,
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
    "ended_task_has_settled_hold": "UPDATE generation_task SET state = 'failed' WHERE state = 'pending' AND price > 0",
    "free_task_has_no_hold": "UPDATE generation_task SET price = 0 WHERE state = 'pending' AND price > 0",
    "hold_is_of_the_tasks_owner": "UPDATE generation_task SET \"user\" = 'mallory' WHERE state = 'pending'",
    "captured_is_price_of_delivered": """
        DELETE FROM generation_output WHERE id = (SELECT min(id) FROM generation_output WHERE error_code = '')
    """,
    "completed_task_delivered": """
        DELETE FROM generation_output WHERE task_id IN (SELECT id FROM generation_task WHERE price = 0)
    """,
    "open_hold_has_live_task": "DELETE FROM generation_task WHERE state = 'processing'",
    "live_task_has_one_live_attempt": "UPDATE generation_attempt SET state = 'failed' WHERE state = 'running'",
    "share_counts_its_attempts": "UPDATE generation_share SET waiting = waiting + 1",
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
]


@pytest.fixture
def house(
    alice: APIClient, mallory: APIClient, stub: Provider, client_of: Callable[..., APIClient]
) -> None:
    """One task of each kind: completed in part, completed for nothing, running, waiting."""

    def submit(**words: Any) -> None:
        assert alice.post("/api/v1/generate", words, format="json").status_code == 202

    publish(create_template("free", name="Free", prompt="a star", price=0), actor="tests")
    submit(prompt="stub:refuse=1", num_images=4)
    submit(template="free")
    run_queue("local")
    submit(prompt="runs")
    submit(prompt="waits")
    claims.claim_next("local", worker="tests")


def broken() -> set[str]:
    return {finding.check for finding in find_broken({**CHECKS, **AUDIT_CHECKS})}


def damage(statement: str) -> None:
    with connection.cursor() as cursor:
        # Nothing deferred may be pending when a constraint is dropped.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_every_check_has_something_that_breaks_it() -> None:
    assert set(BREAKS) == {*CHECKS, *AUDIT_CHECKS}


@pytest.mark.django_db
@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("check", BREAKS)
def test_check_fires(check: str) -> None:
    assert broken() == set()
    damage(BREAKS[check])
    assert check in broken()


@pytest.mark.django_db
@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("statement", OTHER_DAMAGE)
def test_damage_is_found(statement: str) -> None:
    damage(statement)
    assert broken()


@pytest.mark.django_db
@pytest.mark.usefixtures("house")
def test_audit_names_the_broken_row() -> None:
    purse = Purse.objects.get(user="alice")
    Purse.objects.filter(pk=purse.pk).update(available=purse.available + 1)
    [finding] = find_broken(CHECKS)
    assert (finding.check, finding.rows) == ("cached_balance_equals_transfers", [str(purse.pk)])


def audit_command() -> tuple[int, Any]:
    out = StringIO()
    code = 0
    try:
        call_command("audit", "--json", stdout=out, stderr=StringIO())
    except SystemExit as error:
        code = int(str(error.code))
    return code, json.loads(out.getvalue().splitlines()[-1])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("house")
def test_command_mends_nothing_and_says_what_is_wrong() -> None:
    code, answer = audit_command()
    assert (code, answer["ok"], answer["findings"]) == (0, True, [])
    assert answer["checks"] == len(BREAKS)
    with transaction.atomic():
        damage(BREAKS["cached_balance_equals_transfers"])
    for _ in range(2):
        code, answer = audit_command()
        assert (code, answer["ok"]) == (1, False)
        assert [finding["check"] for finding in answer["findings"]] == [
            "cached_balance_equals_transfers"
        ]
