"""PostgreSQL asked past any pool: that would wait for it, and then not say why."""

from typing import Any

import psycopg

from genhub.lib import direct

CONNECT_SECONDS = 5
OLDEST_POSTGRES = 15


def connect(**words: Any) -> "psycopg.Connection[Any]":
    """Return a connection of its own to the hub's database; raise psycopg.OperationalError."""
    parameters = {**direct.parameters(), "connect_timeout": CONNECT_SECONDS}
    return psycopg.connect(**{**parameters, **words})


def read_version() -> int:
    """Return the server's major version; raise psycopg.OperationalError where none answers."""
    with connect() as server:
        return server.info.server_version // 10_000
