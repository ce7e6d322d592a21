"""The batch: orders that were made as one. Each is a task of its own, with its own hold, end and events."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.states import BatchState
from genhub.lib.ids import new_id, to_wire
from genhub.webhooks.models import LONGEST_URL

PREFIX = "batch"
STATE_WORDS = [
    (BatchState.PENDING, _("pending")),
    (BatchState.PROCESSING, _("processing")),
    (BatchState.COMPLETED, _("completed")),
    (BatchState.CANCELED, _("canceled")),
]
# Its columns that count its tasks, named as their states.
COUNTS = ("pending", "processing", "completed", "failed", "canceled")


class Batch(models.Model):
    """What was ordered together. Counts, state and end are kept by the tasks' trigger, nobody else."""

    class Policy(models.TextChoices):
        """What becomes of a batch of which not every order can be taken."""

        ALL = "all", _("all or none")
        SOME = "some", _("those that can be taken")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(_("user"), max_length=200)
    policy = models.CharField(_("policy"), max_length=10, choices=Policy.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=STATE_WORDS, default=BatchState.PENDING
    )
    total = models.PositiveSmallIntegerField(_("tasks"))
    pending = models.PositiveSmallIntegerField(_("pending"))
    processing = models.PositiveSmallIntegerField(_("processing"), default=0)
    completed = models.PositiveSmallIntegerField(_("completed"), default=0)
    failed = models.PositiveSmallIntegerField(_("failed"), default=0)
    canceled = models.PositiveSmallIntegerField(_("canceled"), default=0)
    price = models.BigIntegerField(_("price"))
    # Of the orders that were not taken: place, problem and its values, worded when they are read.
    refused = models.JSONField(_("refused orders"), default=list)
    metadata = models.JSONField(_("metadata"), default=dict)
    # Where its end is told, besides the platform's endpoints.
    webhook = models.CharField(_("webhook"), max_length=LONGEST_URL, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    # A cancel of the whole may come when the last task ends by itself: then it canceled nothing.
    cancel_asked_at = models.DateTimeField(_("cancel asked at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ("-id",)
        permissions = [("cancel_batch", _("Can cancel batches"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total=F("pending")
                    + F("processing")
                    + F("completed")
                    + F("failed")
                    + F("canceled")
                ),
                name="batch_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, state__in=[BatchState.PENDING, BatchState.PROCESSING])
                | Q(
                    ended_at__isnull=False,
                    state__in=[BatchState.COMPLETED, BatchState.CANCELED],
                    pending=0,
                    processing=0,
                ),
                name="batch_ended_with_its_tasks",
            ),
        ]
        indexes = [
            models.Index(fields=["platform", "user", "-id"], name="batch_of_user"),
            models.Index(fields=["platform", "-id"], name="batch_of_platform"),
            models.Index(fields=["platform", "state", "-id"], name="batch_by_state"),
        ]

    def __str__(self) -> str:
        return to_wire(PREFIX, self.pk)
