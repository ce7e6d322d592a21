"""App config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlatformsConfig(AppConfig):
    """Platforms and their keys."""

    name = "genhub.platforms"
    label = "platforms"
    verbose_name = _("Platforms")
