"""Lots: granted credits that expire. Credits in no lot never do; they are the rest of what is available."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from credits.models.hold import Hold
from credits.models.purse import Purse
from genhub.lib.ids import new_id


class Lot(models.Model):
    """Credits that expire together. `remaining` of them are free to spend; holds and captures keep their own parts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purse = models.ForeignKey(
        Purse, models.PROTECT, related_name="lots", verbose_name=_("purse"), db_index=False
    )
    amount = models.BigIntegerField(_("amount"), editable=False)
    remaining = models.BigIntegerField(_("remaining"), editable=False)
    expired = models.BigIntegerField(_("expired"), db_default=0, editable=False)
    expires_at = models.DateTimeField(_("expires at"), editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    # The expired lot whose refunded credits this one gives a second life.
    restores = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("restores")
    )

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        ordering = ("expires_at", "id")
        indexes = [
            models.Index(fields=["purse", "expires_at", "id"], name="lot_of_purse"),
            models.Index(
                fields=["expires_at"], condition=Q(remaining__gt=0), name="lot_with_credits"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, remaining__gte=0, expired__gte=0)
                & Q(amount__gte=F("remaining") + F("expired")),
                name="lot_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining} / {self.amount}"


class LotUse(models.Model):
    """What one hold took of one lot, and what came of it: captured, and after a refund returned to this lot or moved
    to a new one."""

    hold = models.ForeignKey(
        Hold, models.PROTECT, related_name="lot_uses", verbose_name=_("hold"), db_index=False
    )
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="uses", verbose_name=_("lot"))
    amount = models.BigIntegerField(_("amount"), editable=False)
    captured = models.BigIntegerField(_("captured"), db_default=0, editable=False)
    returned = models.BigIntegerField(_("returned"), db_default=0, editable=False)
    moved = models.BigIntegerField(_("moved"), db_default=0, editable=False)

    class Meta:
        verbose_name = _("use of a lot")
        verbose_name_plural = _("uses of lots")
        constraints = [
            models.UniqueConstraint(fields=["hold", "lot"], name="lot_use_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, captured__gte=0, returned__gte=0, moved__gte=0)
                & Q(amount__gte=F("captured"))
                & Q(captured__gte=F("returned") + F("moved")),
                name="lot_use_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
