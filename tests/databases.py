"""One more database beside a test's own."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from psycopg import sql


@contextmanager
def empty_database(purpose: str) -> Iterator[str]:
    """Make an empty database for a purpose, and drop it in the end; its name begins as that of the test's own, so that
    each of those who test has one."""
    words = {**connection.get_connection_params(), "dbname": "postgres"}
    beside = f"{connection.settings_dict['NAME']}_{purpose}"
    name = sql.Identifier(beside)
    with psycopg.connect(**words, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield beside
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
