"""Workers that are alive, as they say of themselves: health needs to know whether anybody would take a task."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

BEAT_SECONDS = 5
# Three missed beats: the worker is gone or stuck.
GONE_AFTER_SECONDS = 3 * BEAT_SECONDS + 1


class Worker(models.Model):
    """A worker process and its last sign of life; its machine's facts come along, since the web may be elsewhere."""

    name = models.CharField(_("name"), max_length=200, primary_key=True)
    # How much it works on at a time.
    threads = models.PositiveSmallIntegerField(db_default=1, editable=False)
    queues = ArrayField(models.CharField(max_length=20), verbose_name=_("queues"))
    beat_at = models.DateTimeField(_("last sign of life"))
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
