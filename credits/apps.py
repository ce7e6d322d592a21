"""App config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditsConfig(AppConfig):
    """The ledger."""

    name = "credits"
    verbose_name = _("Credits")
