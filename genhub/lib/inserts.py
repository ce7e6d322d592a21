"""Rows of several models written by one statement: each further round trip of an order costs it a tenth."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import DatabaseDefault

from genhub.lib.planned import planned_cursor

# Of small numbers, such as a place or a priority, there are a few.
SMALL: Final = 10
EMPTY: Final[dict[type[Any], str]] = {dict: "'{}'", list: "'[]'"}
# A model, its columns whose values are sent, and those whose values are written out; all others are the database's.
Shape = tuple[type[models.Model], tuple[str, ...], tuple[tuple[str, str], ...]]


def insert_together(rows: Sequence[models.Model]) -> None:
    """Insert new rows, all or none; what the database filled in is set on those whose model says `db_default`.

    For rows whose every value is known: expressions and signals are `save`'s.
    """
    # The proxy would be asked a hundred times.
    own = connections[DEFAULT_DB_ALIAS]
    shapes: list[Shape] = []
    values: list[Any] = []
    for row in rows:
        names: list[str] = []
        written: list[tuple[str, str]] = []
        held = vars(row)
        for field in row._meta.concrete_fields:  # noqa: SLF001 (Django's documented API)
            name = field.attname
            value = held[name]
            if value is None or isinstance(value, DatabaseDefault):
                continue
            if literal := write_out(field, value):
                written.append((name, literal))
                continue
            names.append(name)
            values.append(field.get_db_prep_save(value, connection=own))
        shapes.append((type(row), tuple(names), tuple(written)))
    statement, returned = write_statement(tuple(shapes))
    with planned_cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchone()
    for (number, name), value in zip(returned, found, strict=bool(returned)):
        setattr(rows[number], name, value)
    for row in rows:
        row._state.adding = False  # noqa: SLF001 (Django's documented API)


def write_out(field: Any, value: Any) -> str:
    """Return the SQL of what most rows say, empty for what has to be sent: beyond fifty values the driver reads the
    whole statement anew each time."""
    if value == "":
        return "''"
    if value is True or value is False:
        return str(value)
    if isinstance(field, models.JSONField):
        return "" if value else EMPTY.get(type(value), "")
    is_small = isinstance(field, models.SmallIntegerField) and 0 <= value < SMALL
    return str(int(value)) if is_small or value == 0 else ""


def is_filled(field: Any) -> bool:
    """Return whether the database gives a column that is left out another value than null."""
    return bool(field.primary_key or field.has_db_default())


def column_of(model: type[models.Model], name: str) -> str:
    """Return the column of a field."""
    field: Any = model._meta.get_field(name)  # noqa: SLF001 (Django's documented API)
    return str(field.column)


@cache
def write_statement(shapes: tuple[Shape, ...]) -> tuple[str, list[tuple[int, str]]]:
    """Return the statement for rows of these models and columns, and whose columns it answers."""
    parts: list[str] = []
    returned: list[tuple[int, str]] = []
    for number, (model, names, written) in enumerate(shapes):
        meta = model._meta  # noqa: SLF001
        fields = {field.attname: field for field in meta.concrete_fields}
        said = {**dict.fromkeys(names, "%s"), **dict(written)}
        columns = ", ".join(f'"{fields[name].column}"' for name in said)
        places = ", ".join(said.values())
        filled = [name for name, field in fields.items() if name not in said and is_filled(field)]
        returned += [(number, name) for name in filled]
        answer = ", ".join(f'"{fields[name].column}"' for name in filled) or "1"
        parts.append(
            f'r{number} AS (INSERT INTO "{meta.db_table}" ({columns}) VALUES ({places}) RETURNING {answer})'  # noqa: S608 (names of our own models)
        )
    answered = ", ".join(
        f'r{number}."{column_of(shapes[number][0], name)}"' for number, name in returned
    )
    sources = ", ".join(f"r{number}" for number in range(len(shapes)))
    return f"WITH {', '.join(parts)} SELECT {answered or '1'} FROM {sources}", returned  # noqa: S608
