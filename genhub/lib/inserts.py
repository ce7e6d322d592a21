"""Rows of several models written by one statement: each further round trip of an order costs it a tenth."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

Shape = tuple[type[models.Model], tuple[str, ...]]


def insert_together(rows: Sequence[models.Model]) -> None:
    """Insert new rows, all or none; what the database filled in is set on those whose model says `db_default`.

    For rows whose every value is known: expressions, signals and generated keys are `save`'s.
    """
    shapes: list[Shape] = []
    values: list[Any] = []
    for row in rows:
        given = {
            field.attname: value
            for field in row._meta.concrete_fields  # noqa: SLF001 (Django's documented API)
            if not is_left_out(field, value := getattr(row, field.attname))
        }
        shapes.append((type(row), tuple(given)))
        values += prepare(row, given)
    statement, returned = write_statement(tuple(shapes))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchone()
    for (number, name), value in zip(returned, found, strict=True):
        setattr(rows[number], name, value)
    for row in rows:
        row._state.adding = False  # noqa: SLF001 (Django's documented API)


def is_left_out(field: Any, value: Any) -> bool:
    """Return whether the database gives a column its value."""
    return isinstance(value, DatabaseDefault) or (value is None and field.primary_key)


def prepare(row: models.Model, given: Iterable[str]) -> list[Any]:
    """Return values as the database's driver takes them."""
    fields = {field.attname: field for field in row._meta.concrete_fields}  # noqa: SLF001
    return [
        fields[name].get_db_prep_save(getattr(row, name), connection=connection) for name in given
    ]


@cache
def write_statement(shapes: tuple[Shape, ...]) -> tuple[str, list[tuple[int, str]]]:
    """Return the statement for rows of these models and columns, and whose columns it answers."""
    parts: list[str] = []
    returned: list[tuple[int, str]] = []
    for number, (model, names) in enumerate(shapes):
        meta = model._meta  # noqa: SLF001
        fields = {field.attname: field for field in meta.concrete_fields}
        columns = ", ".join(f'"{fields[name].column}"' for name in names)
        places = ", ".join(["%s"] * len(names))
        filled = [name for name in fields if name not in names]
        returned += [(number, name) for name in filled]
        answer = ", ".join(f'"{fields[name].column}"' for name in filled) or "1"
        parts.append(
            f'r{number} AS (INSERT INTO "{meta.db_table}" ({columns}) VALUES ({places}) RETURNING {answer})'  # noqa: S608 (names of our own models)
        )
    answered = ", ".join(
        f'r{number}."{shapes[number][0]._meta.get_field(name).column}"'  # noqa: SLF001
        for number, name in returned
    )
    sources = ", ".join(f"r{number}" for number in range(len(shapes)))
    return f"WITH {', '.join(parts)} SELECT {answered or '1'} FROM {sources}", returned  # noqa: S608
