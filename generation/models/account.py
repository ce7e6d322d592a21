"""Providers: configured accounts at vendors, or the local engine."""

from django.core.validators import validate_slug
from django.db import models
from django.utils.translation import gettext_lazy as _

# Where orders wait: for the engine's worker, which makes one thing at a time, or for the workers of vendors.
QUEUES = ("local", "remote")


class Account(models.Model):
    """A provider: which adapter speaks to it, and the queue its orders wait in."""

    alias = models.CharField(_("alias"), max_length=50, unique=True, validators=[validate_slug])
    adapter = models.CharField(_("adapter"), max_length=50)
    queue = models.CharField(_("queue"), max_length=20)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        default=100,
        help_text=_("Of several providers of a model, the heaviest is chosen."),
    )

    class Meta:
        db_table = "generation_provider"
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ("alias",)

    def __str__(self) -> str:
        return self.alias
