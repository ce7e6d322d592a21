"""Statements that nearly every order sends: the database plans each once a connection, since it gets text and values
apart. To plan one anew takes it longer than to run it.

Only for our own SQL: each value must have one type wherever it stands, which Django's own does not keep to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

# Its stubs know nothing of psycopg's own.
make_cursor: Any = ServerBindingCursor


@contextmanager
def planned_cursor() -> Iterator[CursorWrapper]:
    """Open a cursor of this thread's connection, in its transaction, whose statements are planned once.

    Without a pool of our own a pooler may stand in between, whose connections change: there each is planned anew.
    """
    own: Any = connections[DEFAULT_DB_ALIAS]
    if own.queries_logged:
        # The log shows values in their places.
        with own.cursor() as cursor:
            yield cursor
        return
    own.ensure_connection()
    with own.make_cursor(make_cursor(own.connection)) as cursor:
        yield cursor
