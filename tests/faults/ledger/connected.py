"""Another connection under the name that the code under test uses, for as long as a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections


@contextmanager
def connected(options: dict[str, str] | None = None, **settings: str) -> Iterator[None]:
    """Give this thread a default connection with other settings, such as NAME or HOST; the old one comes back after."""
    before = connections["default"]
    other: Any = before.copy()
    merged = {**before.settings_dict["OPTIONS"], **(options or {})}
    other.settings_dict = {**before.settings_dict, **settings, "OPTIONS": merged}
    connections["default"] = other
    try:
        yield
    finally:
        other.close()
        connections["default"] = before
