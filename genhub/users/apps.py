"""App config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    """Staff accounts."""

    name = "genhub.users"
    label = "users"
    verbose_name = _("Staff")
