"""Columns that a model's row has several of: sides, steps and guidance, each within what any model allows."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, StepValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from genhub.lib.limits import (
    LARGEST_GUIDANCE,
    LARGEST_SIDE_PIXELS,
    MOST_STEPS,
    SIDE_MULTIPLE_PIXELS,
)


def pixels(words: Any, **options: Any) -> Any:
    """Return the column of a side in pixels."""
    validators = [
        MinValueValidator(SIDE_MULTIPLE_PIXELS),
        MaxValueValidator(LARGEST_SIDE_PIXELS),
        StepValueValidator(SIDE_MULTIPLE_PIXELS, _("A multiple of %(limit_value)s pixels.")),
    ]
    options.setdefault("help_text", _("Pixels, a multiple of 16."))
    return models.PositiveIntegerField(words, validators=validators, **options)


def steps(words: Any, **options: Any) -> Any:
    """Return the column of a number of steps."""
    validators = [MinValueValidator(1), MaxValueValidator(MOST_STEPS)]
    return models.PositiveIntegerField(words, validators=validators, **options)


def guidance(words: Any, **options: Any) -> Any:
    """Return the column of a guidance scale."""
    validators = [MinValueValidator(0), MaxValueValidator(LARGEST_GUIDANCE)]
    return models.FloatField(words, validators=validators, **options)
