"""Strict fields: what looks like a number but is not one is refused, never guessed."""

import math
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

DEEPEST_VALUE = 20


class StrictIntegerField(serializers.IntegerField):
    """A JSON integer: strings, booleans and fractions are refused."""

    def to_internal_value(self, data: Any) -> int:
        """Return the integer, or fail with `invalid`."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictFloatField(serializers.FloatField):
    """A JSON number: strings and booleans are refused."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number, or fail with `invalid`."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictCharField(serializers.CharField):
    """A JSON string: numbers are refused, and so is NUL, which PostgreSQL cannot hold."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text, or fail with `invalid`."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictObjectField(serializers.DictField):
    """A JSON object that PostgreSQL can hold and JSON can answer again: no NUL, no half surrogate, no infinity."""

    default_error_messages = {
        "text": _("It holds text with NUL or half a surrogate pair."),
        "number": _("It holds a number that is too large."),
        "depth": _("It is nested too deep."),
    }

    def to_internal_value(self, data: Any) -> dict[Any, Any]:
        """Return the object, or fail with what is wrong anywhere inside it."""
        for depth, value in walk(data):
            if depth > DEEPEST_VALUE:
                self.fail("depth")
            if isinstance(value, float) and not math.isfinite(value):
                self.fail("number")
            if isinstance(value, str) and not is_storable(value):
                self.fail("text")
        return super().to_internal_value(data)


def walk(data: Any) -> Iterator[tuple[int, Any]]:
    """Yield each key and value of nested JSON with its depth, without recursion."""
    rest = [(0, data)]
    while rest:
        depth, value = rest.pop()
        yield depth, value
        if isinstance(value, dict):
            rest += [(depth + 1, part) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            rest += [(depth + 1, part) for part in value]


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL takes the text."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, naming them: nothing is dropped in silence."""

    default_error_messages = {"unknown": _("There is no field of this name.")}

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values, or fail with one error for each unknown field."""
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                message = self.error_messages["unknown"]
                raise serializers.ValidationError(
                    {name: [message] for name in unknown}, code="unknown"
                )
        return super().to_internal_value(data)
