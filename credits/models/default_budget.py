"""Default budgets: what each new user of a platform starts with."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from credits.models.limit import Period
from genhub.lib.ids import new_id


class DefaultBudget(models.Model):
    """A budget that a user's purse gets as it is opened. From then on it is the user's own: what staff change here
    counts for those who come later."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    period = models.CharField(_("period"), max_length=10, choices=Period.choices)
    most = models.BigIntegerField(
        _("limit"),
        validators=[MinValueValidator(0)],
        help_text=_(
            "Whole credits; for tasks at the same time their number. 0: nothing is allowed, not “no limit”."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("default budget")
        verbose_name_plural = _("default budgets")
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "period"], name="default_budget_of_platform"
            ),
            models.CheckConstraint(condition=Q(most__gte=0), name="default_budget_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.most} {self.get_period_display()}"
