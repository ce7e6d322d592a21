"""Mistakes as parts of other mistakes: worded when they are read, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext

from genhub.lib.errors import FieldError


def word_lazily(error: FieldError) -> Any:
    """Return a message that is worded when it is read, in the reader's language."""
    return lazy(word, str)(error.message, error.params)


def word(message: str, params: Mapping[str, Any]) -> str:
    """Return a message with its values filled in."""
    return gettext(message) % params if params else gettext(message)
