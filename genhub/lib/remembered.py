"""Small tables that every request reads and staff seldom change, remembered by each process while nobody changed them.

Whether somebody did is asked of the database each time, in one statement for all such tables: a change counts for the
next request, in every process, as if nothing were remembered.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.db import connection
from django.db.models import Model

from genhub.lib.planned import planned_cursor

T = TypeVar("T")
# A database that was set back to an earlier day could give equal marks to other rows; nothing else can.
LONGEST_SECONDS: Final = 60.0
# No two versions of a row have the same place and the same transaction.
VERSION: Final = "hashtextextended(t.xmin::text || t.ctid::text, 0)"
MARK: Final = "(SELECT count(*) || ' ' || coalesce(bit_xor({row}), 0) FROM \"{table}\" t)"


@dataclass(frozen=True)
class Table:
    """A model's table; `without` names columns that change all the time and count for nothing."""

    model: type[Model]
    without: Collection[str] = ()

    def mark(self) -> str:
        """Return the SQL of what tells one state of the table from another."""
        meta = self.model._meta  # noqa: SLF001 (Django's documented API)
        row = VERSION
        if self.without:
            names = (f.column for f in meta.concrete_fields if f.name not in self.without)
            columns = ", ".join(f't."{name}"' for name in names)
            row = f"hash_record_extended(ROW({columns}), 0)"
        return MARK.format(row=row, table=meta.db_table)


@dataclass(frozen=True)
class Marks:
    """What tells one state of all remembered tables from another, and the database's time when it was read."""

    now: datetime
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Kept(Generic[T]):
    """What was read, from which database, in which state, and when."""

    database: str
    marks: tuple[str, ...]
    value: T
    read_at: float


# The SQL of each mark, and its place.
_columns: dict[str, int] = {}
_seen: ContextVar[Marks | None] = ContextVar("seen", default=None)


class Remembered(Generic[T]):
    """What `read` makes of some tables."""

    def __init__(self, read: Callable[[], T], tables: Sequence[Table]) -> None:
        self._read = read
        # Of the statement that asks for all of them; a table that several remember is asked for once.
        self._places = [_columns.setdefault(table.mark(), len(_columns)) for table in tables]
        self._kept: Kept[T] | None = None

    def get(self) -> T:
        """Return it as the tables stand now."""
        database = str(connection.settings_dict["NAME"])
        marks = self._own(_seen.get() or read_marks())
        kept = self._kept
        if kept and self._is_fresh(kept, database, marks):
            return kept.value
        value = self._read()
        # Changed while it was read: then it is right for this request, and for no other.
        if self._own(read_marks()) == marks:
            self._kept = Kept(database, marks, value, time.monotonic())
        return value

    def _own(self, marks: Marks) -> tuple[str, ...]:
        return tuple(marks.tables[place] for place in self._places if place < len(marks.tables))

    def _is_fresh(self, kept: Kept[T], database: str, marks: tuple[str, ...]) -> bool:
        is_young = time.monotonic() - kept.read_at < LONGEST_SECONDS
        return is_young and kept.marks == marks and kept.database == database


def marks_column() -> str:
    """Return the SQL of one column by which a statement reads the marks along with what else it reads."""
    return f"ARRAY[{', '.join(_columns)}]"


def read_marks() -> Marks:
    """Return the marks as they are now."""
    with planned_cursor() as cursor:
        cursor.execute(f"SELECT statement_timestamp(), {marks_column()}")
        now, tables = cursor.fetchone()
    return Marks(now, tuple(tables))


@contextmanager
def looked(marks: Marks) -> Iterator[None]:
    """Take these marks for what stands during the block: they were read a moment ago."""
    token = _seen.set(marks)
    try:
        yield
    finally:
        _seen.reset(token)


@contextmanager
def together() -> Iterator[None]:
    """Look once for all that is asked during the block, unless somebody has looked."""
    if _seen.get():
        yield
        return
    with looked(read_marks()):
        yield


def now() -> datetime:
    """Return the database's time: of the marks that were looked at, else of this moment."""
    return (_seen.get() or read_marks()).now
