"""The project as an app: its commands, static files and words are found through it."""

from django.apps import AppConfig
from django.conf import settings


class GenHubConfig(AppConfig):
    """Wiring of the project."""

    name = "genhub"
    verbose_name = "GenHub"

    def ready(self) -> None:
        """Have errors told, if anybody is to be told."""
        if settings.SENTRY_DSN:
            from genhub.lib import crash_reports  # noqa: PLC0415 (Sentry, for whoever asked for it)

            crash_reports.begin(settings.SENTRY_DSN)
