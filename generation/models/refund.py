"""Refunds that staff ask for: done at once below the limit, else by a second person; and those of a whole incident."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.models.task import Task
from genhub.lib.ids import new_id


class RefundState(models.TextChoices):
    """Where a request for a refund stands."""

    PENDING = "pending", _("waits for approval")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    DONE = "done", _("refunded")
    FAILED = "failed", _("not possible")


class RefundBatch(models.Model):
    """Refunds for many tasks of one incident: asked for, approved and counted together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reason = models.CharField(_("reason"), max_length=500, editable=False)
    # What staff filtered by, as it stood in the address of the list.
    conditions = models.CharField(_("filter"), max_length=2000, blank=True, editable=False)
    count = models.PositiveIntegerField(_("tasks"), editable=False)
    total = models.BigIntegerField(_("credits"), editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by"),
        editable=False,
    )  # fmt: skip
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("bulk refund")
        verbose_name_plural = _("bulk refunds")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.reason


class RefundRequest(models.Model):
    """A wish to give captured credits of one task back. `id` comes from the form, so a double click asks once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.ForeignKey(
        Task, models.PROTECT, related_name="refund_requests", verbose_name=_("task"), editable=False
    )
    batch = models.ForeignKey(
        RefundBatch, models.PROTECT, null=True, related_name="requests",
        verbose_name=_("bulk refund"), editable=False,
    )  # fmt: skip
    amount = models.BigIntegerField(_("amount"), editable=False)
    # Of the pictures that it pays back whole; empty: it is about none in particular.
    positions = models.JSONField(default=list, db_default=[], editable=False)
    reason = models.CharField(_("reason"), max_length=500, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=RefundState.choices, default=RefundState.PENDING,
        editable=False,
    )  # fmt: skip
    error_code = models.CharField(_("error code"), max_length=50, blank=True, editable=False)
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
    decision = models.CharField(_("decision"), max_length=500, blank=True, editable=False)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ("-id",)
        permissions = [("approve_refunds", _("Can approve other people's refunds"))]
        # The queue, its number on every page, and the loops' next work: none reads what is done.
        indexes = [
            models.Index(
                fields=["batch", "id"],
                condition=Q(state=RefundState.PENDING),
                name="refund_request_pending",
            ),
            models.Index(
                fields=["batch", "id"],
                condition=Q(state=RefundState.APPROVED),
                name="refund_request_approved",
            ),
            # What a person refunded alone in the last hours.
            models.Index(
                fields=["requested_by", "created_at"],
                condition=Q(decided_by=None),
                name="refund_request_alone",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_request_positive"),
            # Four eyes, superusers included: the database itself refuses the same person twice.
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="refund_request_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} ({self.get_state_display()})"
