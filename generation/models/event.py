"""What happened to a task, one row a step: history is data, not logs."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# Of the advisory lock that whoever gives places holds; any number that nobody else of the hub uses.
PLACING = 0x67683A706C616365


class Event(models.Model):
    """One step of a task's life, written in the transaction that made it."""

    class Kind(models.TextChoices):
        """Each says who writes it."""

        SUBMITTED = "submitted", _("submitted")  # submit
        ROUTED = "routed", _("goes to a provider")  # submit, and whoever sends it elsewhere
        CLAIMED = "claimed", _("claimed")  # a worker's claim
        RETRIED = "retried", _("retried")  # a worker, after a failure worth another attempt
        HANDED_BACK = "handed_back", _("handed back")  # a worker that stops
        MOVED = "moved", _("moved in the queue")  # staff
        ABANDONED = "abandoned", _("abandoned")  # the reaper
        WAITING = "waiting", _("waits for the provider")  # a worker
        UNKNOWN = "unknown", _("may be at the provider")  # a worker, or the reaper
        FOUND = "found", _("is at the provider")  # a callback, a look there, or staff
        LATE = "late", _("came after the end")  # a worker, or a callback
        NOT_TAKEN = "not_taken", _("never came to the provider")  # staff
        CANCEL_TOLD = "cancel_told", _("the provider was told of the cancel")  # a worker
        STEP_DONE = "step_done", _("step done")  # a worker, of a chain that goes on
        COMPLETED = "completed", _("completed")  # a worker
        FAILED = "failed", _("failed")  # a worker, the reaper or the deadline
        CANCELED = "canceled", _("canceled")  # the owner
        REFUNDED = "refunded", _("refunded")  # staff

    task = models.ForeignKey(
        "generation.Task", models.PROTECT, related_name="events", verbose_name=_("task")
    )
    attempt = models.ForeignKey(
        "generation.Attempt", models.PROTECT, null=True, related_name="+", verbose_name=_("attempt")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    data = models.JSONField(_("data"), default=dict)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    # Its place in what clients are told, given once it is committed: ids are drawn before, and a smaller one may appear
    # after a larger one. Null: not given yet; 0: written before there were places.
    position = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("id",)
        indexes = [
            models.Index(fields=["created_at"], name="event_by_age"),
            models.Index(fields=["position"], name="event_by_position"),
            # Ends whose cost was booked without an answer: few, and summed up on staff's first page.
            models.Index(
                fields=["created_at"],
                condition=Q(kind="failed", data__has_key="exposure_usd"),
                name="event_exposed",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
