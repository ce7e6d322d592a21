"""App config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GenerationConfig(AppConfig):
    """Tasks, attempts and providers."""

    name = "generation"
    verbose_name = _("Generation")
