"""The loops as they say of themselves: nobody else would miss one that hangs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LoopBeat(models.Model):
    """A loop and the last turn that it ended, in whichever process that was."""

    name = models.CharField(_("name"), max_length=50, primary_key=True)
    period_seconds = models.FloatField(_("seconds between turns"))
    beat_at = models.DateTimeField(_("last sign of life"))
    failing_since = models.DateTimeField(_("failing since"), null=True)

    class Meta:
        verbose_name = _("loop")
        verbose_name_plural = _("loops")
        ordering = ("name",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
