"""PgBouncer in transaction mode before the database: orders, streams and deaths go as without, and what a pooler does
not pass on goes past it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from rest_framework.test import APIClient

from generation.life import news
from generation.models import Account, Attempt, Task
from genhub.doctor import servers
from genhub.doctor.findings import Verdict
from genhub.settings import parts
from tests.api.refusals import header_of
from tests.books import find_mistakes
from tests.databases import empty_database
from tests.faults.ledger.connected import connected
from tests.faults.processes import LOOPS, running, wait_until, worker
from tests.live.streams import Follower, serving_both
from tests.pgbouncer import CONNECTIONS, PgBouncer, pgbouncer
from tests.servers import database_url
from tests.steps import attempt_states, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
# With the two before them as many as alice can pay.
ORDERS = 8
LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = current_database()"


@pytest.fixture
def pooler(db: None, tmp_path: Path) -> Iterator[PgBouncer]:
    with pgbouncer(tmp_path) as pooler:
        yield pooler


@pytest.fixture
def said(pooler: PgBouncer) -> dict[str, str]:
    """The environment of processes behind the pooler, with pools of their own as in production."""
    return {
        "DJANGO_SETTINGS_MODULE": "genhub.settings.embedded",
        "DATABASE_URL": pooler.url,
        "DATABASE_DIRECT_URL": database_url(str(connection.settings_dict["NAME"])),
        "LEASE_SECONDS": "2",
        "REAP_SECONDS": "1",
        "SWEEP_SECONDS": "1",
        "BREAKER_DEATHS": "0",
    }


def count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        [number] = cursor.fetchone()
    return int(number)


def test_orders_streams_and_a_killed_worker_go_on_behind_it(
    pooler: PgBouncer, said: dict[str, str], alice: APIClient, stub: Account, tmp_path: Path
) -> None:
    with (
        serving_both(tmp_path, **said) as web,
        running(tmp_path / "loops.log", *LOOPS, **said),
        ExitStack() as workers,
    ):
        stream = Follower(web, "/api/v1/events", {"Authorization": header_of(alice)["HTTP_AUTHORIZATION"]})  # fmt: skip
        stream.await_greeting()
        first = workers.enter_context(running(tmp_path / "first.log", *worker("local"), **said))
        key = header_of(alice)["HTTP_AUTHORIZATION"]
        words = {"Authorization": key, "Content-Type": "application/json"}
        body = b'{"prompt": "a star", "width": 32, "height": 32}'
        assert web.ask("POST", "/api/v1/generate", body, headers=words).status == 202
        wait_until(lambda: "task.completed" in stream.names(), 60, "the end of the first order")
        # The events' process, the web's waits and the worker hear what ends past the pooler.
        assert count(LISTENING) >= 2
        # What blocks this worker in the middle of its order lasts until it is dead.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE generation_output IN SHARE MODE")
            assert web.ask("POST", "/api/v1/generate", body, headers=words).status == 202
            task = Task.objects.exclude(state="completed").get()
            sent = Attempt.objects.filter(task=task, state="running", sending_at__isnull=False)
            wait_until(sent.exists, 60, "the second order to be sent")
            first.kill()
            first.wait()
        # The stub is a vendor: what it was sent nobody sends again, and it is looked for.
        wait_until(lambda: attempt_states(task) == ["unknown"], 60, "the lease to be taken back")
        workers.enter_context(running(tmp_path / "second.log", *worker("local", "second"), **said))
        for seed in range(ORDERS):
            submit(alice, seed=seed, width=32, height=32)
        wait_until(
            lambda: stream.names().count("task.completed") == ORDERS + 1, 120, "every end told"
        )
        assert pooler.count_transactions() > 50
        assert max(row["sv_active"] + row["sv_idle"] for row in pooler.ask("SHOW POOLS")) <= CONNECTIONS  # fmt: skip
        stream.leave()
    assert Task.objects.filter(state="completed").count() == ORDERS + 1
    assert attempt_states(task) == ["unknown"]
    assert find_mistakes() == []
    for log in ("web", "events", "second", "loops"):
        text = (tmp_path / f"{log}.log").read_text()
        assert not [line for line in text.splitlines() if "prepared statement" in line or "ERROR" in line], text  # fmt: skip


def test_news_are_heard_past_it_and_not_through_it(pooler: PgBouncer, settings: Any) -> None:
    straight = {"HOST": connection.settings_dict["HOST"], "PORT": connection.settings_dict["PORT"]}
    with connected(HOST="127.0.0.1", PORT=str(pooler.port)):
        [found] = servers.look_at_news()
        assert found.verdict == Verdict.FAULT
        assert "DATABASE_DIRECT_URL" in found.mend
        settings.DATABASE_DIRECT = straight
        [found] = servers.look_at_news()
        assert found.verdict == Verdict.GOOD
        [found] = servers.look_at_pooler()
        assert found.verdict == Verdict.GOOD
        heard: list[str] = []
        listener = news.Listener("of_the_test")
        listener.add(heard.append)
        try:
            wait_until(listener.is_listening.is_set, 20, "the listener's start")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify('of_the_test', 'a star')")
            wait_until(lambda: heard == ["a star"], 20, "the news")
        finally:
            listener.stop()


def test_the_doctor_finds_two_databases_that_are_not_one(pooler: PgBouncer, settings: Any) -> None:
    with empty_database("elsewhere") as name:
        settings.DATABASE_DIRECT = {"NAME": name}
        with connected(HOST="127.0.0.1", PORT=str(pooler.port)):
            [found] = servers.look_at_pooler()
    assert found.verdict == Verdict.FAULT
    assert "different databases" in found.said


def test_settings_behind_a_pooler_prepare_nothing_and_keep_no_cursor(
    pooler: PgBouncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", pooler.url)
    plain = parts.database(pooler.url)
    assert (plain["DISABLE_SERVER_SIDE_CURSORS"], plain["OPTIONS"]["prepare_threshold"]) == (False, 1)  # fmt: skip
    assert parts.direct_database() == {}
    monkeypatch.setenv("DATABASE_DIRECT_URL", "postgres://own:word@db:5433/genhub?sslmode=require")
    behind = parts.database(pooler.url)
    assert (behind["DISABLE_SERVER_SIDE_CURSORS"], behind["OPTIONS"]["prepare_threshold"]) == (True, None)  # fmt: skip
    assert parts.direct_database() == {
        "HOST": "db", "PORT": 5433, "USER": "own", "PASSWORD": "word", "NAME": "genhub",
        "OPTIONS": {"sslmode": "require"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pooler_url", "url"),
    [("", "postgres://db/genhub"), ("postgres://p/genhub", "mysql://db/genhub"), ("postgres://p/genhub", "db:5432")],
)  # fmt: skip
def test_a_direct_address_that_is_none_is_named(
    pooler_url: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", pooler_url)
    monkeypatch.setenv("DATABASE_DIRECT_URL", url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_DIRECT_URL"):
        parts.direct_database()


def test_migrations_and_backups_go_past_it(
    pooler: PgBouncer, said: dict[str, str], tmp_path: Path
) -> None:
    before = pooler.count_transactions()
    for words in (["migrate", "--check"], ["backup", str(tmp_path / "taken")]):
        with running(tmp_path / "command.log", "manage.py", *words, **said) as command:
            assert command.wait() == 0, (tmp_path / "command.log").read_text()
    dumped = [path for path in (tmp_path / "taken").iterdir() if path.stat().st_size > 1000]
    assert dumped
    # A backup asks through the pooler what it is of; pg_dump itself goes past it.
    assert pooler.count_transactions() - before < 20
