"""What a platform may be told to do with its orders, in the words of its page."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class Moderation(models.TextChoices):
    """What becomes of prompts and pictures that the hub's moderation objects to."""

    OFF = "off", _("off: nothing is checked")
    FLAG = "flag", _("flag: made and delivered, and shown to staff")
    BLOCK = "block", _("block: prompts are refused, pictures are withheld")

    @classmethod
    def strictest(cls, *policies: str) -> str:
        """Return the strictest of these; an empty one asks for nothing."""
        return max((policy or cls.OFF for policy in policies), key=cls.values.index)


class Unjudged(models.TextChoices):
    """What becomes of what nobody could judge, since every moderation service failed."""

    BLOCK = "block", _("refuse it")
    ALLOW = "allow", _("take it")


class Corner(models.TextChoices):
    """Where people see that a picture was generated."""

    BOTTOM_RIGHT = "bottom_right", _("bottom right")
    BOTTOM_LEFT = "bottom_left", _("bottom left")
    TOP_RIGHT = "top_right", _("top right")
    TOP_LEFT = "top_left", _("top left")


def validate_codes(value: Any) -> None:
    """Refuse what is no list of codes."""
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise ValidationError(_('This is a list of codes: ["shop"].'))
