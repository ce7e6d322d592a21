"""Price rules: what staff say that pictures and clips cost."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id


class Effect(models.TextChoices):
    """What a rule does to an order that it matches."""

    PRICE = "price", _("sets the price of one")
    FACTOR = "factor", _("multiplies the price")
    CACHED = "cached", _("sets the price of one from the cache")


class Per(models.TextChoices):
    """Of what a price is the price."""

    ONE = "one", _("picture or clip")
    MEGAPIXEL = "megapixel", _("megapixel")
    SECOND = "second", _("second")
    STEP = "step", _("step")


class PriceRule(models.Model):
    """One line of the price list. An empty condition matches everything; of several prices the highest rank decides,
    and every matching factor multiplies."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    effect = models.CharField(
        _("effect"), max_length=10, choices=Effect.choices, default=Effect.PRICE
    )
    amount = models.BigIntegerField(
        _("price"), null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("Whole credits."),
    )  # fmt: skip
    per = models.CharField(_("per"), max_length=10, choices=Per.choices, default=Per.ONE)
    factor = models.DecimalField(
        _("factor"), max_digits=8, decimal_places=4, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )  # fmt: skip
    rank = models.IntegerField(
        _("rank"), default=0, help_text=_("Of several prices that match, the highest rank decides.")
    )
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("platform"), help_text=_("Empty: every platform."),
    )  # fmt: skip
    media_type = models.CharField(_("type"), max_length=10, blank=True)
    model = models.CharField(_("model"), max_length=100, blank=True)
    quality = models.CharField(_("quality"), max_length=10, blank=True)
    resolution = models.CharField(_("resolution"), max_length=10, blank=True)
    mode = models.CharField(_("mode"), max_length=10, blank=True)
    least_megapixels = models.DecimalField(
        _("megapixels from"), max_digits=8, decimal_places=4, null=True, blank=True
    )
    most_megapixels = models.DecimalField(
        _("megapixels up to"), max_digits=8, decimal_places=4, null=True, blank=True
    )
    least_seconds = models.PositiveIntegerField(_("seconds from"), null=True, blank=True)
    most_seconds = models.PositiveIntegerField(_("seconds up to"), null=True, blank=True)
    least_steps = models.PositiveIntegerField(_("steps from"), null=True, blank=True)
    most_steps = models.PositiveIntegerField(_("steps up to"), null=True, blank=True)
    least_number = models.PositiveIntegerField(_("number from"), null=True, blank=True)
    most_number = models.PositiveIntegerField(_("number up to"), null=True, blank=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("price rule")
        verbose_name_plural = _("price rules")
        ordering = ("effect", "-rank", "name")
        constraints = [
            models.CheckConstraint(
                condition=Q(effect="factor", factor__gte=0, amount=None)
                | (~Q(effect="factor") & Q(amount__gte=0, factor=None)),
                name="price_rule_amount_or_factor",
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None)
                | Q(valid_until=None)
                | Q(valid_from__lt=F("valid_until")),
                name="price_rule_dates_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name
