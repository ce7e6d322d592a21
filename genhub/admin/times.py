"""Columns of lists that hold a time: told as the hub's own pages tell it, in the zone of who looks and in UTC."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Model
from unfold.decorators import display

from genhub.admin.show import moment


def tell_times(model: type[Model], columns: Iterable[Any]) -> tuple[Any, ...]:
    """Return the columns of a list; each that is the name of a time of the model is one that tells it."""
    return tuple(
        time_column(model, column) if is_time(model, column) else column for column in columns
    )


def is_time(model: type[Model], column: Any) -> bool:
    """Return whether a column is the name of a time of the model."""
    try:
        return isinstance(column, str) and isinstance(model._meta.get_field(column), DateTimeField)  # noqa: SLF001 (Django's own door to fields)
    except FieldDoesNotExist:
        return False


@cache
def time_column(model: type[Model], name: str) -> Callable[[Any], str]:
    """Return what tells a time of a row: the same each time, since Django compares columns to sort by them."""

    field: Any = model._meta.get_field(name)  # noqa: SLF001 (as above)

    def tell(row: Any) -> str:
        return moment(getattr(row, name))

    tell.__name__ = name
    column: Callable[[Any], str] = display(tell, description=field.verbose_name, ordering=name)
    return column
