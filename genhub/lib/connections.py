"""A thread's connection to the database, which others may need while it waits for something else."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection

Result = TypeVar("Result")


def release_connection() -> None:
    """Give this thread's connection back to the pool, unless a transaction is open: others of the process need it."""
    if not connection.in_atomic_block:
        connection.close()


def tidily(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call, and keep no connection afterwards."""
    try:
        return function(*arguments)
    finally:
        release_connection()
