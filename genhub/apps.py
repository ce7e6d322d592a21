"""The project as an app: its commands, static files and words are found through it."""

from django.apps import AppConfig


class GenHubConfig(AppConfig):
    """Wiring of the project."""

    name = "genhub"
    verbose_name = "GenHub"
