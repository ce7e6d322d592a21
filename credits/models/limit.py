"""Limits: budgets of keys and purses, what apps may grant, and the counts that both are held against."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from credits.models.hold import Hold
from credits.models.purse import Purse
from genhub.lib.ids import new_id


class Period(models.TextChoices):
    """Over what time a budget counts; windows follow the platform's time zone."""

    TOTAL = "total", _("in total")
    HOUR = "hour", _("per hour")
    DAY = "day", _("per day")
    MONTH = "month", _("per month")
    CONCURRENT = "concurrent", _("tasks at the same time")


class Limit(models.Model):
    """The most of something in a period."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
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
        abstract = True
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.most} {self.get_period_display()}"


class Budget(Limit):
    """The most that an API key, or a purse, may spend in a period, in whole credits; or how many tasks it may have
    under way at the same time. Counting begins when the budget is made."""

    api_key = models.ForeignKey(
        "platforms.ApiKey", models.PROTECT, null=True, blank=True, verbose_name=_("API key"),
        related_name="+",
    )  # fmt: skip
    purse = models.ForeignKey(
        Purse, models.PROTECT, null=True, blank=True, verbose_name=_("purse"), related_name="+"
    )

    class Meta(Limit.Meta):
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.UniqueConstraint(fields=["api_key", "period"], name="budget_of_key"),
            models.UniqueConstraint(fields=["purse", "period"], name="budget_of_purse"),
            models.CheckConstraint(condition=Q(most__gte=0), name="budget_not_negative"),
            models.CheckConstraint(
                condition=Q(api_key__isnull=False, purse=None)
                | Q(api_key=None, purse__isnull=False),
                name="budget_of_key_or_purse",
            ),
        ]


class GrantRule(models.Model):
    """What a platform's app may grant by the API: a kind of grant, its daily caps, and how long its credits live."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    kind = models.SlugField(
        _("kind"), max_length=50, help_text=_("Such as purchase, ad_reward, welcome.")
    )
    daily_most_per_user = models.BigIntegerField(
        _("most per user and day"), validators=[MinValueValidator(1)], help_text=_("Whole credits.")
    )
    daily_most = models.BigIntegerField(
        _("most per day"), validators=[MinValueValidator(1)],
        help_text=_("Whole credits, all users of the platform together."),
    )  # fmt: skip
    lifetime_days = models.PositiveIntegerField(
        _("days until they expire"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Empty: they never expire."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("grant rule")
        verbose_name_plural = _("grant rules")
        ordering = ("platform", "kind")
        constraints = [
            models.UniqueConstraint(fields=["platform", "kind"], name="grant_rule_of_platform"),
            models.CheckConstraint(
                condition=Q(daily_most_per_user__gt=0, daily_most__gt=0),
                name="grant_rule_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} @ {self.platform}"


class Count(models.Model):
    """How much of a limit one subject used in one window; kept by conditional upserts alone."""

    limit_id = models.UUIDField()
    subject_id = models.UUIDField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    used = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["limit_id", "subject_id", "starts_at"], name="count_window"
            ),
            models.CheckConstraint(condition=Q(used__gte=0), name="count_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.used}"


class BudgetUse(models.Model):
    """What one hold added to one count of a budget: given back there when the hold is released."""

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="budget_uses", db_index=False)
    count = models.ForeignKey(Count, models.PROTECT, related_name="+")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "count"], name="budget_use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"


class FreeUse(models.Model):
    """An order that costs nothing, in a count of tasks under way; the row goes when the order ends."""

    reference = models.UUIDField()
    count = models.ForeignKey(Count, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference", "count"], name="free_use_once"),
        ]

    def __str__(self) -> str:
        return str(self.reference)
