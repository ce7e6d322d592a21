"""What an app gives away of a platform: tables, each read in bites by its key, so that memory stays flat."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

ROWS_A_READ = 1000


@dataclass(frozen=True)
class Table:
    """Rows of one model under a name, of a platform; `hidden` are columns that nobody is given."""

    name: str
    find: Callable[[uuid.UUID], QuerySet[Any]]
    hidden: frozenset[str] = frozenset()

    def read(self, platform_id: uuid.UUID) -> Iterator[dict[str, Any]]:
        """Yield the rows by their columns, in the order of their keys."""
        rows = self.find(platform_id).order_by("pk")
        found: list[Any] = list(rows[:ROWS_A_READ])
        while found:
            for row in found:
                yield self.describe(row)
            found = list(rows.filter(pk__gt=found[-1].pk)[:ROWS_A_READ])

    def describe(self, row: Model) -> dict[str, Any]:
        """Return a row's columns."""
        names = (field.attname for field in row._meta.concrete_fields)  # noqa: SLF001 (Django's documented API)
        return {name: getattr(row, name) for name in names if name not in self.hidden}
