"""A test's transaction, where the hub's own handlers would give the connection back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core import signals
from django.db import close_old_connections


@contextmanager
def one_transaction() -> Iterator[None]:
    """Let the test's transaction outlive each request; Django's own test client, too, connects the signals again."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in ends:
            signal.connect(close_old_connections)
