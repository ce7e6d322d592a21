"""A query of the ORM whose SQL is written once a process: to write it anew takes longer than the database needs for it.

Only for the few that nearly every request sends. What they find are the same objects that the query would give.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.db import models
from django.db.models.query import get_related_populators

from genhub.lib.planned import planned_cursor

# Its stubs are those of a later Django.
populators: Any = get_related_populators
M = TypeVar("M", bound=models.Model)
DATABASE: Final = "default"


@dataclass(frozen=True)
class Plan:
    """What was written: the statement, whose values stand at the places of `asked`, and how a row becomes an object."""

    statement: str
    values: tuple[Any, ...]
    asked: dict[int, int]
    model: type[models.Model]
    names: list[str]
    first: int
    related: list[Any]
    annotations: dict[str, int]
    compiler: Any
    converters: Any

    def read(self, asked: tuple[Any, ...]) -> list[Any]:
        """Run the statement with these values and return the objects."""
        values = list(self.values)
        for place, number in self.asked.items():
            values[place] = asked[number]
        with planned_cursor() as cursor:
            cursor.execute(self.statement, values)
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
        asked = {
            place: self._places.index(value)
            for place, value in enumerate(values)
            if value in self._places
        }
        if set(asked.values()) != set(range(len(self._places))):
            raise AssertionError(f"not every value has a place in {statement}")
        info = compiler.klass_info
        first, last = info["select_fields"][0], info["select_fields"][-1] + 1
        selected = compiler.select[first:last]
        return Plan(
            statement,
            tuple(values),
            asked,
            model=info["model"],
            names=[column[0].target.attname for column in selected],
            first=first,
            related=populators(info, compiler.select, DATABASE),
            annotations=compiler.annotation_col_map or {},
            compiler=compiler,
            converters=compiler.get_converters([column[0] for column in compiler.select]),
        )
