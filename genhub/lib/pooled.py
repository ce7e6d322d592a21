"""Connections to the database as their pool keeps them."""

import select
from typing import Any

import psycopg
from psycopg import Cursor

# By which psycopg's pool asks whether a connection still works.
PROBE = ""


class PooledConnection(psycopg.Connection[Any]):
    """A connection that is asked whether it works only where there is a sign that it may not: a server that ends one
    says so on it. To ask each time is a way there and back, as long as a small query takes."""

    def execute(self, query: Any, *args: Any, **words: Any) -> Cursor[Any]:
        """Run a query; the pool's own only where the server has said something."""
        if query == PROBE and not self.was_told():
            return self.cursor()
        return super().execute(query, *args, **words)

    def was_told(self) -> bool:
        """Return whether the server has said anything that nobody has read: as a rule, that it has gone."""
        poller = select.poll()
        poller.register(self.fileno(), select.POLLIN)
        return bool(poller.poll(0))
