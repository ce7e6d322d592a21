"""Holds: credits reserved for one order."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from credits.models.purse import Purse
from genhub.lib.ids import new_id

LIFETIME = timedelta(days=30)


class HoldState(models.TextChoices):
    """A hold is open until one settlement ends it."""

    OPEN = "open", _("open")
    SETTLED = "settled", _("settled")


class Hold(models.Model):
    """Credits reserved for one order; settled once, in part captured and the rest released."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purse = models.ForeignKey(
        Purse, models.PROTECT, related_name="holds", verbose_name=_("purse"), editable=False
    )
    reference = models.UUIDField(_("reference"), unique=True, editable=False)
    amount = models.BigIntegerField(_("amount"), editable=False)
    captured = models.BigIntegerField(_("captured"), db_default=0, editable=False)
    released = models.BigIntegerField(_("released"), db_default=0, editable=False)
    refunded = models.BigIntegerField(_("refunded"), db_default=0, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=HoldState.choices, db_default=HoldState.OPEN
    )
    # Delivered beyond the hold: the operator's loss, never the customer's.
    overrun = models.BigIntegerField(_("overrun"), db_default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    # The last net under an order that nobody ends: no credits are reserved for ever.
    expires_at = models.DateTimeField(_("expires at"), db_default=Now() + LIFETIME, editable=False)
    settled_at = models.DateTimeField(_("settled at"), null=True, editable=False)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ("-created_at",)
        # Not by `state = open`, which the settlement asks for: it would find its hold by a walk over this index.
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(settled_at=None), name="hold_open_by_expiry"
            ),
        ]
        permissions = [("refund_credits", _("Can refund captured credits"))]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="hold_positive"),
            models.CheckConstraint(
                condition=Q(captured__gte=0, released__gte=0, refunded__gte=0, overrun__gte=0),
                name="hold_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(refunded__lte=F("captured")), name="hold_refund_within_capture"
            ),
            models.CheckConstraint(
                condition=Q(state=HoldState.OPEN, captured=0, released=0, settled_at=None)
                | Q(
                    state=HoldState.SETTLED,
                    amount=F("captured") + F("released"),
                    settled_at__isnull=False,
                ),
                name="hold_settled_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} ({self.state})"
