"""Strict fields: what looks like a number but is not one is refused, never guessed."""

import math
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from genhub.api.mistake_words import NO_OBJECT, speak_plainly, word_unknown
from genhub.api.problems import MOST_ERRORS, count_more

DEEPEST_VALUE = 20
# Values and names inside an object, at any depth.
MOST_VALUES = 10_000
LONGEST_KEY = 200
# Beyond it a whole number is no float any more, and arithmetic with it fails.
LARGEST_WHOLE = 10**300
HALF = re.compile("[\ud800-\udfff]")


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


class StrictBooleanField(serializers.BooleanField):
    """A JSON boolean: texts and numbers are refused."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the boolean, or fail with `invalid`."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ProhibitHalves(ProhibitSurrogateCharactersValidator):
    """DRF's own check, found in one go: letter by letter, a picture's text takes it seconds."""

    def __call__(self, value: Any) -> None:
        """Raise at the first half of a surrogate pair."""
        if half := HALF.search(str(value)):
            super().__call__(half[0])


class StrictCharField(serializers.CharField):
    """A JSON string: numbers are refused, and so is NUL, which PostgreSQL cannot hold."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self.validators = [
            ProhibitHalves() if isinstance(one, ProhibitSurrogateCharactersValidator) else one
            for one in self.validators
        ]

    def to_internal_value(self, data: Any) -> str:
        """Return the text, or fail with `invalid`."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ShortListField(serializers.ListField):
    """A list that is looked into only when it is not too long."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the values, or fail with what is wrong."""
        if isinstance(data, list) and len(data) > (self.max_length or 0):
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class StrictObjectField(serializers.DictField):
    """A JSON object that PostgreSQL can hold and JSON can answer again: no NUL, no half surrogate, no infinity."""

    default_error_messages = {
        "text": _("It holds text with NUL or half a surrogate pair."),
        "number": _("It holds a number that is too large."),
        "depth": _("It is nested too deep."),
        "many": _("It holds more than {most} names and values."),
        "key": _("It holds a name of more than {most} characters."),
    }

    def to_internal_value(self, data: Any) -> dict[Any, Any]:
        """Return the object, or fail with what is wrong anywhere inside it."""
        for number, (depth, value) in enumerate(walk(data)):
            if depth > DEEPEST_VALUE:
                self.fail("depth")
            if number > MOST_VALUES:
                self.fail("many", most=MOST_VALUES)
            if isinstance(value, dict) and any(len(name) > LONGEST_KEY for name in value):
                self.fail("key", most=LONGEST_KEY)
            if isinstance(value, int | float) and not is_number(value):
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


def is_number(value: int | float) -> bool:
    """Return whether a number can be stored, answered and reckoned with."""
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= LARGEST_WHOLE


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL takes the text."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, naming them: nothing is dropped in silence.

    An optional word that is null was not said: many clients send what is unset so.
    """

    default_error_messages = {"invalid": NO_OBJECT}

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, each of which says in plain words what is wrong."""
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            speak_plainly(field)
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values, or fail with one error for each unknown field, beside those of the known."""
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        unknown = [name for name in data if name not in self.fields]
        known = {
            name: value
            for name, value in data.items()
            if name in self.fields and not self.is_unsaid(name, value)
        }
        if not unknown:
            return super().to_internal_value(known)
        errors = self.find_missing(known)
        try:
            super().to_internal_value(known)
        except serializers.ValidationError as error:
            errors |= error.detail if isinstance(error.detail, dict) else {}
        named = unknown[:MOST_ERRORS]
        errors |= {name: [word_unknown(name, self.fields)] for name in named}
        if more := len(unknown) - len(named):
            errors[""] = [count_more(more), *errors.get("", [])]
        raise serializers.ValidationError(errors)

    def find_missing(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return the errors of what one of several fields has to say, none of which is required by itself."""
        return {}

    def is_unsaid(self, name: str, value: Any) -> bool:
        """Return whether a word stands there only to say that it is not said."""
        return value is None and name in self.fields and not self.fields[name].required
