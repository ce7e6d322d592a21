"""App config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StorageConfig(AppConfig):
    """Stored files."""

    name = "storage"
    verbose_name = _("Files")
