"""The queues as staff steer them, and the history of that."""

from datetime import UTC, datetime

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.reasons import LONGEST_REASON

# Of the advisory locks by which a queue is held up: claims share one each, and whoever pauses has it alone. Any number
# that nobody else of the hub uses; the database's function generation_closed_accounts knows it.
GATE = 0x67617465
# Until when a paused provider rests: until somebody ends that. PostgreSQL's infinity is no date of Python's.
WITHOUT_END = datetime(9000, 1, 1, tzinfo=UTC)


class Queue(models.Model):
    """Whether a queue gives orders to workers. One that nobody ever held up has no row, and does."""

    class State(models.TextChoices):
        """What is at work ends in its own time in each of them."""

        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")  # nothing new is claimed
        DRAINING = "draining", _("draining")  # the same, and when the last order has ended is noted

    name = models.CharField(_("name"), max_length=20, primary_key=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    # Since it drains: when nothing of it was at work any more.
    drained_at = models.DateTimeField(_("drained at"), null=True)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ("name",)
        default_permissions = ("view",)
        permissions = [("steer_queue", _("Can pause queues and providers and move waiting orders"))]

    def __str__(self) -> str:
        return self.name


class QueueChange(models.Model):
    """What somebody did to a queue, or to a provider's orders in it; rows are never changed."""

    class Deed(models.TextChoices):
        """Each is somebody's, but for the end of a drain, which a loop finds."""

        PAUSED = "paused", _("paused")
        DRAINING = "draining", _("began to drain")
        DRAINED = "drained", _("the last order has ended")
        RESUMED = "resumed", _("resumed")

    queue = models.CharField(_("queue"), max_length=20)
    # Of one provider alone; empty: of the whole queue.
    provider = models.CharField(_("provider"), max_length=50, blank=True)
    deed = models.CharField(_("what"), max_length=10, choices=Deed.choices)
    actor = models.CharField(_("who"), max_length=150)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("change of a queue")
        verbose_name_plural = _("changes of queues")
        ordering = ("-id",)
        default_permissions = ()
        indexes = [models.Index(fields=["queue", "-id"], name="queue_change_newest")]

    def __str__(self) -> str:
        return f"{self.queue} {self.deed}"
