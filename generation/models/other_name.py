"""Names under which orders may say a model besides its own."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class OtherName(models.Model):
    """A name that clients know, of a model that is gone or never was here, and what serves it now."""

    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9._/:-]+\Z", _("Letters, digits and “._/:-”."))],
        help_text=_("Orders name it so; a model of this name that is offered comes first."),
    )
    # The alias of its offers: several providers may make it, and each may come and go.
    model = models.CharField(
        _("served by"), max_length=100, blank=True, default="", db_default="",
        help_text=_("Empty: the platform's usual model, else the hub's."),
    )  # fmt: skip
    is_enabled = models.BooleanField(_("enabled"), default=True, db_default=True)

    class Meta:
        verbose_name = _("other name of a model")
        verbose_name_plural = _("other names of models")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
