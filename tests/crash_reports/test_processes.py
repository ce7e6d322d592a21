"""Errors of the web server, of a worker and of the loops arrive, and no prompt with them, though the database repeats
it in what it says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from generation.models import Account
from tests.api.refusals import header_of
from tests.crash_reports.ingest import Ingest, ingesting
from tests.faults.processes import LOOPS, running, wait_until, worker
from tests.front.web import Web, serving
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.whole, pytest.mark.xdist_group("processes")]  # fmt: skip
PROMPT = "a canary that sings in the coal mine"
BREAK = f"""
CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no room for {PROMPT}'; END $$
"""


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    with ingesting() as ingest:
        yield ingest


@pytest.fixture
def break_table() -> Iterator[Callable[..., None]]:
    """Have a table refuse what is written to it, with a text that holds a prompt."""
    broken: list[str] = []

    def run(*statements: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def break_it(table: str, event: str) -> None:
        run(
            f"CREATE TRIGGER broken BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION break_it()"
        )
        broken.append(table)

    run(BREAK)
    yield break_it
    run(*(f"DROP TRIGGER broken ON {table}" for table in broken), "DROP FUNCTION break_it")


def test_errors_of_every_process_arrive_without_a_prompt_or_a_key(
    ingest: Ingest, break_table: Any, alice: APIClient, stub: Account, tmp_path: Path
) -> None:
    said = {"SENTRY_DSN": ingest.dsn}
    log = tmp_path / "worker.log"
    submit(alice, PROMPT, width=32, height=32)
    break_table("generation_output", "INSERT")
    break_table("generation_loopbeat", "INSERT OR UPDATE")
    with (
        serving(tmp_path / "web.log", **said) as web,
        running(log, *worker("local"), **said),
        running(tmp_path / "loops.log", *LOOPS, SWEEP_SECONDS="1", **said),
    ):
        wait_until(lambda: any("attempt %s failed" in one for one in ingest.messages()), 60, "a worker's error")  # fmt: skip
        wait_until(lambda: any("sign of life of %s" in one for one in ingest.messages()), 60, "the loops' error")  # fmt: skip
        break_table("generation_task", "INSERT")
        key = header_of(alice)["HTTP_AUTHORIZATION"]
        assert order(web, key) >= 500
        wait_until(lambda: any("error" in one for one in ingest.messages()), 60, "the web's error")
    assert PROMPT in log.read_text()
    for message in ("attempt %s failed", "sign of life of %s"):
        [*_, exception] = ingest.find(message)["exception"]["values"]
        assert (exception["type"], exception["value"]) == ("ProgrammingError", "SQLSTATE P0001")
    event = ingest.find("error")
    assert event["tags"]["request_id"] == "order-4711"
    sent = b"".join(ingest.bodies)
    for canary in (PROMPT, key.split()[1], key.split(".")[1], "alice"):
        assert canary.encode() not in sent


def order(web: Web, key: str) -> int:
    """Order at the web server, which cannot take it; return the status."""
    headers = {"Authorization": key, "Content-Type": "application/json", "X-Request-ID": "order-4711"}  # fmt: skip
    body = f'{{"prompt": "{PROMPT}", "width": 32, "height": 32}}'.encode()
    return web.ask("POST", "/api/v1/generate", body, headers=headers).status
