"""What the rules have deleted so far."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RuleReport(models.Model):
    """A rule, what it deleted in its last turn and in all of them, and the oldest that it left."""

    rule = models.CharField(_("name"), max_length=50, primary_key=True)
    turn_at = models.DateTimeField(_("last turn"))
    failing_since = models.DateTimeField(_("failing since"), null=True)
    # The last turn that deleted anything, and what.
    deleted_at = models.DateTimeField(_("last deleted"), null=True)
    last_rows = models.BigIntegerField(default=0)
    last_files = models.BigIntegerField(default=0)
    last_bytes = models.BigIntegerField(default=0)
    all_rows = models.BigIntegerField(default=0)
    all_files = models.BigIntegerField(default=0)
    all_bytes = models.BigIntegerField(default=0)
    oldest_at = models.DateTimeField(_("oldest left"), null=True)

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ("rule",)

    def __str__(self) -> str:
        return self.rule
