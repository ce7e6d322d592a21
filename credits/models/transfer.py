"""Transfers: every move of credits, with the only routes that each kind may take."""

from django.db import models
from django.db.models import F, Q, TextField, Value
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.functions import Now
from django.db.models.lookups import In
from django.utils.translation import gettext_lazy as _

from credits.models.hold import Hold
from credits.models.purse import Purse
from genhub.lib.ids import new_id


class Bucket(models.TextChoices):
    """A side of a transfer: the purse's own two buckets, or one of the hub's accounts, which cache nothing."""

    AVAILABLE = "available", _("available")
    HELD = "held", _("held")
    ISSUED = "issued", _("issued")
    REVENUE = "revenue", _("revenue")
    EXPIRED = "expired", _("expired")
    EXPOSURE = "exposure", _("exposure")


class Kind(models.TextChoices):
    """Why credits moved."""

    GRANT = "grant", _("grant")
    HOLD = "hold", _("hold")
    CAPTURE = "capture", _("capture")
    RELEASE = "release", _("release")
    REFUND = "refund", _("refund")
    EXPIRE = "expire", _("expiry")
    # What was delivered beyond the hold: the operator pays it, the purse does not move.
    OVERRUN = "overrun", _("overrun")
    ADJUST = "adjust", _("adjustment")


# The only (kind, source, target) there are; the database holds the same table as a CHECK.
ROUTES = (
    (Kind.GRANT, Bucket.ISSUED, Bucket.AVAILABLE),
    (Kind.HOLD, Bucket.AVAILABLE, Bucket.HELD),
    (Kind.CAPTURE, Bucket.HELD, Bucket.REVENUE),
    (Kind.RELEASE, Bucket.HELD, Bucket.AVAILABLE),
    (Kind.REFUND, Bucket.REVENUE, Bucket.AVAILABLE),
    (Kind.EXPIRE, Bucket.AVAILABLE, Bucket.EXPIRED),
    (Kind.OVERRUN, Bucket.EXPOSURE, Bucket.REVENUE),
    (Kind.ADJUST, Bucket.ISSUED, Bucket.AVAILABLE),
    (Kind.ADJUST, Bucket.AVAILABLE, Bucket.ISSUED),
)


class Reason(models.TextChoices):
    """Machine-readable reasons that the hub itself writes; staff write sentences."""

    GENERATION = "ai_generation", _("generation")
    GENERATION_FAILED = "ai_generation_failed", _("generation failed")
    GENERATION_CANCELED = "ai_generation_canceled", _("generation canceled")
    EDIT = "edit", _("edit of a picture")
    HOLD_EXPIRED = "hold_expired", _("the hold expired")
    LOT_EXPIRED = "lot_expired", _("the credits expired")


def routes_condition() -> In:
    """Return the CHECK that a transfer's sides are those of its kind.

    One comparison with a list: PostgreSQL reads the whole of a CHECK anew for each statement, and a condition spelt out
    for each route was a fifth of what a hold cost.
    """
    route: Combinable | F = F("kind")
    for column in ("source", "target"):
        route = CombinedExpression(
            CombinedExpression(route, "||", Value(" ")), "||", F(column), output_field=TextField()
        )
    return In(route, [" ".join(route) for route in ROUTES])


class Transfer(models.Model):
    """One move of credits between two sides of a purse's books: balanced by construction, never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No index of its own: the unique (purse, purse_version) serves. No foreign key either, the only one left out: it
    # would look each purse up again that the same statement has just moved. Purses are never deleted (a trigger), and
    # the audit finds a transfer of none.
    purse = models.ForeignKey(
        Purse, models.PROTECT, related_name="transfers", verbose_name=_("purse"), db_index=False,
        db_constraint=False,
    )  # fmt: skip
    source = models.CharField(_("from"), max_length=10, choices=Bucket.choices)
    target = models.CharField(_("to"), max_length=10, choices=Bucket.choices)
    amount = models.BigIntegerField(_("amount"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    key = models.CharField(_("key"), max_length=300)
    hold = models.ForeignKey(
        Hold, models.PROTECT, null=True, related_name="transfers", verbose_name=_("hold")
    )
    actor = models.CharField(_("actor"), max_length=200)
    reason = models.CharField(_("reason"), max_length=500)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    purse_version = models.BigIntegerField(_("purse version"))
    available_after = models.BigIntegerField(_("available after"))
    held_after = models.BigIntegerField(_("held after"))

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ("-created_at", "-purse_version")
        # An audit since a checkpoint reads only what came after it.
        indexes = [models.Index(fields=["created_at"], name="transfer_by_time")]
        constraints = [
            # A constraint, not unique=True: that would add a second index, for LIKE, which nobody uses.
            models.UniqueConstraint(fields=["key"], name="transfer_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=routes_condition(), name="transfer_route_of_kind"),
            models.UniqueConstraint(
                fields=["purse", "purse_version"], name="transfer_one_per_purse_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
