"""Default budgets: what each new user of a platform starts with."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from credits.models.limit import Limit


class DefaultBudget(Limit):
    """A budget that a user's purse gets as it is opened. From then on it is the user's own: what staff change here
    counts for those who come later."""

    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )

    class Meta(Limit.Meta):
        verbose_name = _("default budget")
        verbose_name_plural = _("default budgets")
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "period"], name="default_budget_of_platform"
            ),
            models.CheckConstraint(condition=Q(most__gte=0), name="default_budget_not_negative"),
        ]
