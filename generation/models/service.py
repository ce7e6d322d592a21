"""An account at a service that is asked about texts or pictures: where it is, with which key, and how it stands."""

from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.utils.translation import gettext_lazy as _

from generation.models.account import Sealed, Standing, validate_base_url


class Service(Standing, Sealed):
    """A configured account at a service. Those that stand first are asked first."""

    alias = models.CharField(_("alias"), max_length=50, unique=True, validators=[validate_slug])
    is_enabled = models.BooleanField(_("enabled"), default=True)
    rank = models.PositiveSmallIntegerField(
        _("turn"), default=0, help_text=_("Of several, the smallest is asked; the next one only when it fails.")
    )  # fmt: skip
    base_url = models.CharField(
        _("base address"), max_length=500, blank=True, validators=[validate_base_url],
        help_text=_("Where the vendor's API begins. Empty: the vendor's usual address."),
    )  # fmt: skip
    options = models.JSONField(
        _("options"), default=dict, blank=True,
        help_text=_("The adapter's own words, as JSON; the handbook lists them."),
    )  # fmt: skip
    is_in_house = models.BooleanField(
        _("in the house"), default=False,
        help_text=_("A server of your own: what must stay in the house may be shown to it."),
    )  # fmt: skip
    connect_seconds = models.FloatField(
        _("seconds to connect"), default=3, validators=[MinValueValidator(0.1), MaxValueValidator(60)]
    )  # fmt: skip
    last_error_at = models.DateTimeField(_("last error at"), null=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.alias
