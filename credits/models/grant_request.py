"""What staff give and take by hand: done at once up to a limit, else when a second person says so."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from credits.models.purse import Purse
from credits.models.transfer import Transfer
from genhub.lib.ids import new_id
from genhub.lib.reasons import LONGEST_REASON


class GrantKind(models.TextChoices):
    """What is asked for."""

    GRANT = "grant", _("grant")
    ADJUST = "adjust", _("correction")
    # States what is truly available of a frozen purse, and lets it pay again.
    UNFREEZE = "unfreeze", _("end of a freeze")


class GrantState(models.TextChoices):
    """Where it stands."""

    PENDING = "pending", _("waits for approval")
    REJECTED = "rejected", _("rejected")
    DONE = "done", _("carried out")


class GrantRequest(models.Model):
    """A wish to give or take credits. `id` comes from the form, so a double click asks once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purse = models.ForeignKey(
        Purse,
        models.PROTECT,
        related_name="grant_requests",
        verbose_name=_("purse"),
        editable=False,
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=GrantKind.choices, default=GrantKind.GRANT, editable=False
    )
    # Whole credits, below 0 where they are taken; 0: a freeze ends with the balance that the books had.
    amount = models.BigIntegerField(_("amount"), editable=False)
    # When what a grant gives expires; null: never.
    expires_at = models.DateTimeField(_("expires at"), null=True, editable=False)
    # Of a freeze: the balance stated, and the version of the purse that the person looked at.
    stated = models.BigIntegerField(_("stated balance"), null=True, editable=False)
    purse_version = models.BigIntegerField(_("purse version"), null=True, editable=False)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=GrantState.choices, default=GrantState.PENDING,
        editable=False,
    )  # fmt: skip
    transfer = models.OneToOneField(
        Transfer, models.PROTECT, null=True, related_name="grant_request", verbose_name=_("transfer"),
        editable=False,
    )  # fmt: skip
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by"),
        editable=False,
    )  # fmt: skip
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+",
        verbose_name=_("decided by"), editable=False,
    )  # fmt: skip
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decision = models.CharField(
        _("decision"), max_length=LONGEST_REASON, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("grant to approve")
        verbose_name_plural = _("grants to approve")
        ordering = ("-id",)
        permissions = [("approve_grants", _("Can approve other people's grants and corrections"))]
        # The queue with its number on every page, and what a person moved alone in the last hours.
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state=GrantState.PENDING), name="grant_request_pending"
            ),
            models.Index(
                fields=["requested_by", "created_at"],
                condition=Q(decided_by=None, state=GrantState.DONE),
                name="grant_request_alone",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=GrantKind.GRANT, amount__gt=0, stated=None)
                | (Q(kind=GrantKind.ADJUST, expires_at=None, stated=None) & ~Q(amount=0))
                | Q(kind=GrantKind.UNFREEZE, expires_at=None, stated__gte=0),
                name="grant_request_of_kind",
            ),
            # What waits or was rejected moved nothing; what is done moved all of it.
            models.CheckConstraint(
                condition=Q(state=GrantState.DONE, transfer__isnull=False)
                | Q(state=GrantState.DONE, amount=0, transfer=None)
                | (~Q(state=GrantState.DONE) & Q(transfer=None)),
                name="grant_request_moved_when_done",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None, decision="")
                & ~Q(state=GrantState.REJECTED)
                | Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decision="")
                & ~Q(state=GrantState.PENDING),
                name="grant_request_decided_with_reason",
            ),
            # Four eyes, superusers included: the database itself refuses the same person twice.
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="grant_request_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount:+d} ({self.get_state_display()})"
