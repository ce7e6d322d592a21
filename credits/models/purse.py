"""Purses, and the freezes of those whose books were found wrong."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id


class Purse(models.Model):
    """The credits of one (platform, user). `available` and `held` are caches that `audit` proves."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(_("user"), max_length=200)
    available = models.BigIntegerField(_("available"), db_default=0, editable=False)
    held = models.BigIntegerField(_("held"), db_default=0, editable=False)
    version = models.BigIntegerField(_("version"), db_default=0, editable=False)
    # When the first of its lots that still holds credits expires; null while it has no such lot.
    expires_next_at = models.DateTimeField(_("expires next"), null=True, editable=False)
    # A frozen purse takes no new hold: its books were found wrong, and a person must look.
    frozen_at = models.DateTimeField(_("frozen at"), null=True, editable=False)
    # Since when its user is nobody any more: it takes no new hold, and the same name begins anew with another.
    erased_at = models.DateTimeField(_("user deleted at"), null=True, editable=False)
    # Since when staff let its user order nothing new.
    stopped_at = models.DateTimeField(_("stopped at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("purse")
        verbose_name_plural = _("purses")
        ordering = ("-created_at",)
        permissions = [
            ("grant_credits", _("Can grant credits")),
            ("adjust_credits", _("Can adjust balances and unfreeze purses")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["platform", "user"], name="purse_owner"),
            models.CheckConstraint(
                condition=Q(available__gte=0, held__gte=0), name="purse_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} @ {self.platform}"


class Freeze(models.Model):
    """Why a purse was frozen, and how a person ended it: from the balance stated then, its books are proved anew."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purse = models.ForeignKey(
        Purse, models.PROTECT, related_name="freezes", verbose_name=_("purse"), editable=False
    )
    checks = models.JSONField(_("broken checks"), default=list, editable=False)
    frozen_at = models.DateTimeField(_("frozen at"), db_default=Now(), editable=False)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, editable=False)
    lifted_by = models.CharField(_("lifted by"), max_length=200, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    version = models.BigIntegerField(_("purse version"), null=True, editable=False)
    available = models.BigIntegerField(_("available"), null=True, editable=False)
    held = models.BigIntegerField(_("held"), null=True, editable=False)

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["purse"], condition=Q(lifted_at=None), name="freeze_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, version=None, available=None, held=None)
                | (
                    Q(lifted_at__isnull=False, version__gte=0, available__gte=0, held__gte=0)
                    & ~Q(reason="")
                ),
                name="freeze_lifted_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.purse)
