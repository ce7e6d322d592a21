"""Strict fields: what looks like a number but is not one is refused, never guessed."""

from typing import Any

from rest_framework import serializers


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


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, naming them: nothing is dropped in silence."""

    default_error_messages = {"unknown": "There is no field of this name."}

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
