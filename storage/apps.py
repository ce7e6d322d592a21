"""App config."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from storage.checks import check_signing_keys


class StorageConfig(AppConfig):
    """Stored files."""

    name = "storage"
    verbose_name = _("Files")

    def ready(self) -> None:
        """Register the checks."""
        checks.register(check_signing_keys, checks.Tags.files)
