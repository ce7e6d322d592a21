"""Databases of several sizes beside each other, each read through the hub's own doors."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from generation.models import Account, Task
from genhub.lib.ids import to_wire
from genhub.platforms.models import ApiKey, Platform
from tests.bench import books, history, server
from tests.bench.cpu import cpu_here, find_postmaster
from tests.bench.door import Door

USERS = 100


class Shop:
    """A hub with so many tasks of one platform."""

    def __init__(self, name: str, tasks: int) -> None:
        server.copy_database(name)
        self._connection = connect_to(name)
        self.tasks = tasks
        with self.open():
            books.fill(USERS)
            platform = Platform.objects.get()
            account = Account.objects.create(alias="stub", adapter="stub", queue="local")
            account.offers.create(alias="z-image-small")
            history.fill(platform, account, tasks, users=USERS)
            _, key = ApiKey.objects.issue(platform, name="bench")
            self.door, self._postmaster = Door(key), find_postmaster()
        server.say(f"· {tasks} tasks written")

    @contextmanager
    def open(self) -> Iterator[None]:
        """Make this database the one that the hub reads."""
        with using(self._connection):
            yield

    def draw_tasks(self, number: int) -> list[str]:
        """Return the ids of any tasks."""
        with self.open():
            ids = list(Task.objects.order_by("id").values_list("id", flat=True))
        return [to_wire("task", one) for one in random.choices(ids, k=number)]

    def time(self, paths: list[str], **headers: str) -> float:
        """Return the milliseconds of CPU, here and in the database, that one of these answers takes."""
        with self.open():
            began = cpu_here(self._postmaster)
            for path in paths:
                self.door.get(path, **headers)
            return (cpu_here(self._postmaster) - began) / len(paths) * 1000


@contextmanager
def using(other: Any) -> Iterator[None]:
    """Let the hub read by another connection."""
    before = connections["default"]
    connections["default"] = other
    try:
        yield
    finally:
        connections["default"] = before


def connect_to(name: str) -> Any:
    """Return a connection of Django's to another database, kept from request to request as a pool keeps it."""
    other = connections["default"].copy()
    options = {**other.settings_dict["OPTIONS"], "options": "-c synchronous_commit=off"}
    other.settings_dict = {
        **other.settings_dict, "NAME": name, "OPTIONS": options, "CONN_MAX_AGE": None,
    }  # fmt: skip
    return other
