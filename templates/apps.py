"""App config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TemplatesConfig(AppConfig):
    """Generation templates and styles."""

    name = "templates"
    verbose_name = _("Templates")
