"""Alerts go some time after they have ended."""

from django.utils.translation import gettext_lazy as _

from genhub.alerts.models import Alert
from genhub.retention.rules import Rule

RULES = (
    Rule(
        "alerts",
        _("Alerts that are over"),
        lambda: Alert.objects.filter(ended_at__isnull=False),
        days="alerts",
        since="ended_at",
    ),
)
