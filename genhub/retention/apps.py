"""App config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    """What is deleted when."""

    name = "genhub.retention"
    label = "retention"
    verbose_name = _("Retention")
