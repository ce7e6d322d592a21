"""Advisory locks: a transaction waits for whoever has the same one, and has it until its own end.

Each is a number that nobody else of the hub uses, written where it is taken; with a name it is one of many of a kind.
Names are told apart by a hash: two of one hash wait for each other without need, and nothing else comes of it.
"""

from django.db import connection


def take(number: int, name: str | None = None) -> None:
    """Have a lock alone, once nobody else has it."""
    if name is None:
        ask("SELECT pg_advisory_xact_lock(%s)", number)
    else:
        ask("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", number, name)


def share(number: int) -> None:
    """Have a lock together with whoever else shares it, once nobody has it alone."""
    ask("SELECT pg_advisory_xact_lock_shared(%s)", number)


def ask(statement: str, *words: int | str) -> None:
    """Send a statement, of which the wait alone matters."""
    with connection.cursor() as cursor:
        cursor.execute(statement, words)
