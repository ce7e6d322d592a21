"""What is said of a wrong word, in words of whoever orders: a framework's own speak of dictionaries and values."""

import difflib
from collections.abc import Iterable
from typing import Any, Final

from django.core import validators
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from genhub.lib.errors import fill_places

# So many choices are named, however many there are.
MOST_CHOICES: Final = 20
# To compare a name of any length with thirty others takes long, and one so long is nobody's slip.
LONGEST_SLIP: Final = 50
UNKNOWN: Final = _("There is no field of this name.")
CHOICES: Final = _("It must be one of these: {choices}.")
NO_LIST: Final = _("It must be a list.")
NO_OBJECT: Final = _("It must be an object: names with values, in braces.")
LIMITS: Final[dict[type[validators.BaseValidator], Any]] = {
    validators.MaxValueValidator: _("At most {limit}."),
    validators.MinValueValidator: _("At least {limit}."),
    validators.MaxLengthValidator: _("At most {limit} characters."),
    validators.MinLengthValidator: _("At least {limit} characters."),
}
LIST_LIMITS: Final[dict[type[validators.BaseValidator], Any]] = {
    validators.MaxLengthValidator: _("At most {limit} of them."),
    validators.MinLengthValidator: _("At least {limit} of them."),
}
LISTS: Final = (serializers.ListField, serializers.ListSerializer)
OBJECTS: Final = (serializers.DictField, serializers.Serializer)


def speak_plainly(field: Any) -> None:
    """Have a field, and what it is made of, say in plain words what is wrong with a value."""
    if isinstance(field, serializers.ChoiceField):
        named = [str(choice) for choice in field.choices]
        more = ["…"] if len(named) > MOST_CHOICES else []
        choices = ", ".join([*named[:MOST_CHOICES], *more])
        field.error_messages["invalid_choice"] = format_lazy(CHOICES, choices=choices)
    if isinstance(field, LISTS):
        field.error_messages["not_a_list"] = NO_LIST
    elif isinstance(field, OBJECTS):
        field.error_messages["not_a_dict"] = field.error_messages["invalid"] = NO_OBJECT
    limits = LIST_LIMITS if isinstance(field, LISTS) else LIMITS
    for validator in field.validators:
        # Not whether it says anything: that would translate it for each order.
        if (message := limits.get(type(validator))) is not None:
            validator.message = format_lazy(message, limit=validator.limit_value)
    child = getattr(field, "child", None)
    if isinstance(child, serializers.Field):
        speak_plainly(child)


def word_unknown(name: Any, known: Iterable[str]) -> serializers.ErrorDetail:
    """Return what is said of a field that there is not: with the one that was meant, where a slip would explain it."""
    text = str(name)
    near = difflib.get_close_matches(text, known, 1) if len(text) <= LONGEST_SLIP else []
    message = gettext("There is no field of this name. Did you mean “%(name)s”?")
    said = fill_places(message, {"name": near[0]}) if near else str(UNKNOWN)
    return serializers.ErrorDetail(said, "unknown")
