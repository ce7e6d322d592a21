"""Queries, counts and updates of the ORM whose SQL is written once a process: to write it anew takes longer than the
database needs for it.

Only for the few that nearly every request or order sends, and those that every page of the admin does. What they find
are the same objects that the query would give.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.db import models
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from psycopg.types.json import Jsonb

from genhub.lib.planned import planned_cursor

# Its stubs are those of a later Django.
populators: Any = get_related_populators
M = TypeVar("M", bound=models.Model)
DATABASE: Final = "default"
# Places of an id, a whole number, and a flag.
NO_ID: Final = uuid.UUID(int=0)
NO_NUMBER: Final = -(2**53)
NO_FLAG: Final = False


@dataclass(frozen=True)
class Text:
    """A statement with the values that are always the same; what is asked for stands at the places of `asked`."""

    statement: str
    values: tuple[Any, ...]
    asked: Mapping[int, int]

    def fill(self, asked: Sequence[Any]) -> list[Any]:
        """Return all values, of which these are asked for."""
        values = list(self.values)
        for place, number in self.asked.items():
            value, before = asked[number], values[place]
            values[place] = Jsonb(value, before.dumps) if isinstance(before, Jsonb) else value
        return values


def write_text(statement: str, values: Sequence[Any], places: tuple[Any, ...]) -> Text:
    """Return a statement whose values hold these places; raise where one of them is not among the values."""
    asked: dict[int, int] = {}
    for number, value in enumerate(values):
        plain = value.obj if isinstance(value, Jsonb) else value
        if plain in places:
            asked[number] = places.index(plain)
    if set(asked.values()) != set(range(len(places))):
        raise AssertionError(f"not every value has a place in {statement}")
    return Text(statement, tuple(values), asked)


@dataclass(frozen=True)
class Plan:
    """What was written, and how a row becomes an object."""

    text: "Text"
    model: type[models.Model]
    names: list[str]
    first: int
    related: list[Any]
    annotations: dict[str, int]
    compiler: Any
    converters: Any

    def read(self, asked: tuple[Any, ...]) -> list[Any]:
        """Run the statement with these values and return the objects."""
        with planned_cursor() as cursor:
            cursor.execute(self.text.statement, self.text.fill(asked))
            rows = cursor.fetchall()
        if self.converters:
            rows = self.compiler.apply_converters(rows, self.converters)
        return [self._make(row) for row in rows]

    def _make(self, row: Any) -> Any:
        found = self.model.from_db(
            DATABASE, self.names, row[self.first : self.first + len(self.names)]
        )
        for one in self.related:
            one.populate(row, found)
        for name, place in self.annotations.items():
            setattr(found, name, row[place])
        return found


class Prepared(Generic[M]):
    """A query by what is asked: `make` gets the places of the values and returns the queryset.

    A place is a value of the right type that stands nowhere else in the query.
    """

    def __init__(self, make: Callable[..., models.QuerySet[M]], *places: Any) -> None:
        self._make, self._places = make, places
        self._plan: Plan | None = None

    def find(self, *asked: Any) -> list[M]:
        """Return what the query finds for these values."""
        if self._plan is None:
            self._plan = self._prepare()
        return self._plan.read(asked)

    def _prepare(self) -> Plan:
        query: Any = self._make(*self._places)
        compiler = query.query.get_compiler(using=DATABASE)
        statement, values = compiler.as_sql()
        text = write_text(statement, values, self._places)
        info = compiler.klass_info
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        selected = compiler.select[first:last]
        return Plan(
            text,
            model=info["model"],
            names=[column[0].target.attname for column in selected],
            first=first,
            related=populators(info, compiler.select, DATABASE),
            annotations=compiler.annotation_col_map or {},
            compiler=compiler,
            converters=compiler.get_converters([column[0] for column in compiler.select]),
        )


class PreparedCount:
    """How many rows there are of what is always the same query."""

    def __init__(self, make: Callable[[], models.QuerySet[Any]]) -> None:
        self._make = make
        self._text: Text | None = None

    def count(self) -> int:
        """Return how many there are now."""
        return count_together([self])[0]

    def write(self) -> Text:
        """Return it as a statement."""
        if self._text is None:
            rows = self._make().order_by().values("pk")
            statement, values = rows.query.get_compiler(using=DATABASE).as_sql()
            counted = f"SELECT count(*) FROM ({statement}) AS counted"  # noqa: S608 (the ORM's own)
            self._text = write_text(counted, values, ())
        return self._text


def count_together(counts: Sequence[PreparedCount]) -> list[int]:
    """Return how many there are of each now, by one statement."""
    texts = [count.write() for count in counts]
    statement = "SELECT " + ", ".join(f"({text.statement})" for text in texts)
    with planned_cursor() as cursor:
        cursor.execute(statement, [value for text in texts for value in text.values])
        return list(map(int, cursor.fetchone()))


class PreparedUpdate:
    """An update by what is asked and what is written: `make` gets the places of both and returns the rows and their new
    values. A place is of the right type and stands nowhere else; what may be null has a place that is not."""

    def __init__(
        self, make: Callable[..., tuple[models.QuerySet[Any], dict[str, Any]]], *places: Any
    ) -> None:
        self._make, self._places = make, places
        self._text: Text | None = None

    def run(self, *asked: Any) -> int:
        """Write these values and return how many rows there were."""
        if self._text is None:
            self._text = self._prepare()
        with planned_cursor() as cursor:
            cursor.execute(self._text.statement, self._text.fill(asked))
            return int(cursor.rowcount)

    def _prepare(self) -> Text:
        rows, values = self._make(*self._places)
        query: Any = rows.order_by().query.chain(UpdateQuery)
        query.add_update_values(values)
        statement, values = query.get_compiler(using=DATABASE).as_sql()
        return write_text(statement, values, self._places)
