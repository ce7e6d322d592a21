"""A database beside the usual one, for benchmarks that compare two of unlike size."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from tests.bench import server


class Elsewhere:
    """One more database, and a connection to it."""

    def __init__(self, name: str) -> None:
        server.copy_database(name)
        self._connection = connect_to(name)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Make this database the one that is read and written."""
        before = connections["default"]
        connections["default"] = self._connection
        try:
            yield
        finally:
            connections["default"] = before


def connect_to(name: str) -> Any:
    """Return a connection of Django's to another database, whose commits wait for no disk."""
    other = connections["default"].copy()
    options = {**other.settings_dict["OPTIONS"], "options": "-c synchronous_commit=off"}
    other.settings_dict = {**other.settings_dict, "NAME": name, "OPTIONS": options}
    return other
