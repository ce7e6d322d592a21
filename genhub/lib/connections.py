"""A thread's connection to the database, which others may need while it waits for something else."""

from django.db import connection


def release_connection() -> None:
    """Give this thread's connection back to the pool, unless a transaction is open: others of the process need it."""
    if not connection.in_atomic_block:
        connection.close()
