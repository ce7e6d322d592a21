"""The words of an order that a template or a style fixes: which there are, and what is wrong with their values, by the
fields that read them in an order.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext
from rest_framework.exceptions import ErrorDetail, ValidationError

from genhub.api.order_words import LOSSY, NO_FORMAT, FormSerializer, SettableWords
from genhub.api.problems import flatten
from genhub.lib.errors import FieldError, gettext_noop
from genhub.lib.limits import SIDE_MULTIPLE_PIXELS
from templates.wording import word_lazily

UNKNOWN = gettext_noop("“%(name)s” cannot be fixed by a template.")
UNFIT = gettext_noop("“%(name)s”: %(mistake)s")
NOTHING = gettext_noop("This says nothing; leave it out.")
NOT_A_MULTIPLE = gettext_noop("It must be a multiple of %(limit)s pixels.")


class FixedWords(SettableWords, FormSerializer):
    """What a template or a style may fix: what an order may say of its making."""

    # Whether files tell their prompts is a matter of who orders, and of the platform.
    embed_parameters = None  # type: ignore[assignment]

    def validate_width(self, value: int) -> int:
        """Refuse a side that no model makes."""
        if value % SIDE_MULTIPLE_PIXELS:
            raise ValidationError(
                gettext(NOT_A_MULTIPLE) % {"limit": SIDE_MULTIPLE_PIXELS}, "not_a_multiple"
            )
        return value

    validate_height = validate_width

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a compression that no format takes."""
        if "output_compression" in attrs and attrs.get("output_format") not in LOSSY:
            told = ErrorDetail(gettext(NO_FORMAT), "no_format")
            raise ValidationError({"output_compression": [told]})
        return attrs


SETTABLE_WORDS: Final = frozenset(FixedWords().fields)


def find_wrong_words(settings: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong with the values of settable words, at the words: `loras.0.name`."""
    found = [FieldError(name, "null", NOTHING) for name, value in settings.items() if value is None]
    try:
        FixedWords().run_validation(dict(settings))
    except ValidationError as error:
        found += flatten(error.detail)
    return found


def find_setting_mistakes(settings: Any) -> list[FieldError]:
    """Return what is wrong with the words that a template or a style fixes, at the field of all of them."""
    if not isinstance(settings, Mapping):
        return [FieldError("settings", "invalid", gettext_noop("Settings are a JSON object."))]
    known = {name: value for name, value in settings.items() if name in SETTABLE_WORDS}
    mistakes = [
        FieldError("settings", "unknown_word", UNKNOWN, {"name": name})
        for name in sorted(settings.keys() - SETTABLE_WORDS)
    ]
    for error in sorted(find_wrong_words(known), key=lambda one: one.field):
        words = {"name": error.field, "mistake": word_lazily(error)}
        mistakes.append(FieldError("settings", "invalid_value", UNFIT, words))
    return mistakes
