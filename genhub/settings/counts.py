"""The numbers beside the menu's entries: all of a page's are counted by one statement, once it shows any of them."""

from functools import cached_property

from django.db import connection
from django.utils.module_loading import import_string


class Counts:
    """How many rows there are behind each entry, by the dotted path of what returns them as a QuerySet.

    The menu's description holds one that never counts; each page has a copy of its own, since it copies the whole menu.
    """

    def __init__(self) -> None:
        self.paths: list[str] = []

    def add(self, path: str) -> "Badge":
        """Return the number of an entry."""
        self.paths.append(path)
        return Badge(self, path)

    @cached_property
    def found(self) -> dict[str, int]:
        """Return how many there are, each by its own index."""
        parts, values = [], []
        for path in self.paths:
            rows = import_string(path)().order_by().values("pk")
            sql, params = rows.query.sql_with_params()
            parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608 (written by the ORM)
            values += params
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", values)
            return dict(zip(self.paths, cursor.fetchone(), strict=True))


class Badge:
    """One number, shown where it is not 0."""

    def __init__(self, counts: Counts, path: str) -> None:
        self.counts, self.path = counts, path

    def __bool__(self) -> bool:
        return self.counts.found[self.path] > 0

    def __str__(self) -> str:
        return str(self.counts.found[self.path])
