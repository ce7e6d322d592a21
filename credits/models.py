"""Purses, transfers and holds. Rows move only through `ledger`; the database refuses everything else it can."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id


class Bucket(models.TextChoices):
    """A side of a transfer: the purse's own two buckets, or one of the hub's accounts, which cache nothing."""

    AVAILABLE = "available", _("available")
    HELD = "held", _("held")
    ISSUED = "issued", _("issued")
    REVENUE = "revenue", _("revenue")


class Kind(models.TextChoices):
    """Why credits moved."""

    GRANT = "grant", _("grant")
    HOLD = "hold", _("hold")
    CAPTURE = "capture", _("capture")
    RELEASE = "release", _("release")
    REFUND = "refund", _("refund")


# The only (source, target) of each kind; the database holds the same table as a CHECK.
ROUTES = {
    Kind.GRANT: (Bucket.ISSUED, Bucket.AVAILABLE),
    Kind.HOLD: (Bucket.AVAILABLE, Bucket.HELD),
    Kind.CAPTURE: (Bucket.HELD, Bucket.REVENUE),
    Kind.RELEASE: (Bucket.HELD, Bucket.AVAILABLE),
    Kind.REFUND: (Bucket.REVENUE, Bucket.AVAILABLE),
}


class Reason(models.TextChoices):
    """Machine-readable reasons that the hub itself writes; staff write sentences."""

    GENERATION = "ai_generation", _("generation")
    GENERATION_FAILED = "ai_generation_failed", _("generation failed")


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
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("purse")
        verbose_name_plural = _("purses")
        ordering = ("-created_at",)
        permissions = [("grant_credits", _("Can grant credits"))]
        constraints = [
            models.UniqueConstraint(fields=["platform", "user"], name="purse_owner"),
            models.CheckConstraint(
                condition=Q(available__gte=0, held__gte=0), name="purse_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} @ {self.platform}"


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
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    settled_at = models.DateTimeField(_("settled at"), null=True, editable=False)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ("-created_at",)
        permissions = [("refund_credits", _("Can refund captured credits"))]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="hold_positive"),
            models.CheckConstraint(
                condition=Q(captured__gte=0, released__gte=0, refunded__gte=0),
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


def routes_condition() -> Q:
    """Return the CHECK that a transfer's sides are those of its kind."""
    condition = Q()
    for kind, (source, target) in ROUTES.items():
        condition |= Q(kind=kind, source=source, target=target)
    return condition


class Transfer(models.Model):
    """One move of credits between two sides of a purse's books: balanced by construction, never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purse = models.ForeignKey(
        Purse, models.PROTECT, related_name="transfers", verbose_name=_("purse")
    )
    source = models.CharField(_("from"), max_length=10, choices=Bucket.choices)
    target = models.CharField(_("to"), max_length=10, choices=Bucket.choices)
    amount = models.BigIntegerField(_("amount"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    key = models.CharField(_("key"), max_length=200, unique=True)
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
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=routes_condition(), name="transfer_route_of_kind"),
            models.UniqueConstraint(
                fields=["purse", "purse_version"], name="transfer_one_per_purse_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
