"""Our own user model from the first migration, so that it can grow without a rewrite."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from genhub.lib.zones import validate_time_zone


class User(AbstractUser):
    """A member of staff who signs in to the admin."""

    # Empty: the hub's.
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, default="", db_default="", validators=[validate_time_zone]
    )  # fmt: skip
