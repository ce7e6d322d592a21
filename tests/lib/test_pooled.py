"""Connections of the pool: one that works is not asked, one that the server has ended is found out before its use."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from genhub.lib.pooled import PROBE, PooledConnection

pytestmark = pytest.mark.django_db


def words() -> dict[str, Any]:
    return {**connection.get_connection_params(), "autocommit": True}


@pytest.fixture
def own() -> Iterator[PooledConnection]:
    with PooledConnection.connect(**words()) as opened:
        yield opened


def end(pid: int) -> None:
    """Have the server end a connection, as a restart does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def test_one_that_works_is_not_asked(
    own: PooledConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own.execute("SELECT 1").fetchone() == (1,)
    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", None)
        own.execute(PROBE)
    assert own.execute("SELECT 2").fetchone() == (2,)


def test_one_that_the_server_has_ended_is_found_out(own: PooledConnection) -> None:
    end(own.info.backend_pid)
    with pytest.raises(psycopg.OperationalError):
        own.execute(PROBE)


def test_one_that_was_told_something_else_is_asked_and_works(own: PooledConnection) -> None:
    own.execute("LISTEN pooled_test")
    with PooledConnection.connect(**words()) as other:
        other.execute("NOTIFY pooled_test")
    # What the server sends by itself comes when it likes.
    own.execute("SELECT pg_sleep(0.05)")
    own.execute(PROBE)
    assert own.execute("SELECT 1").fetchone() == (1,)


def test_pool_gives_another_in_place_of_one_that_was_ended() -> None:
    with ConnectionPool(
        kwargs=words(),
        min_size=1,
        max_size=1,
        open=True,
        connection_class=PooledConnection,
        check=ConnectionPool.check_connection,
    ) as pool:
        with pool.connection() as first:
            pid = first.info.backend_pid
        end(pid)
        with pool.connection() as second:
            assert second.execute("SELECT 1").fetchone() == (1,)
            assert second.info.backend_pid != pid
