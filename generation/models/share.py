"""The shares of a queue: each user's place in it, and how much of theirs waits and runs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Share(models.Model):
    """A user's place in a queue. Counts and virtual start are kept by the attempts' trigger, nobody else.

    `virtual_start` grows by the work that the user was served; the smallest one is served next (start-time fair
    queueing, Goyal et al. 1996), so that one user's thousand tasks do not make another's first one wait.
    """

    queue = models.CharField(_("queue"), max_length=20)
    priority = models.PositiveSmallIntegerField(_("priority"))
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(_("user"), max_length=200)
    waiting = models.IntegerField(_("waiting"), db_default=0, editable=False)
    # Of those that wait: what they move the virtual start on by.
    waiting_pictures = models.BigIntegerField(db_default=0, editable=False)
    running = models.IntegerField(_("running"), db_default=0, editable=False)
    cap = models.PositiveIntegerField(
        _("most at a time"),
        null=True,
        blank=True,
        help_text=_("How many attempts may run at a time. Empty: no limit."),
    )
    virtual_start = models.BigIntegerField(_("virtual start"), db_default=0, editable=False)

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        ordering = ("queue", "priority", "virtual_start")
        constraints = [
            models.UniqueConstraint(
                fields=["queue", "priority", "platform", "user"], name="share_of_user"
            ),
            models.CheckConstraint(
                condition=Q(waiting__gte=0, running__gte=0), name="share_counts_not_negative"
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "priority", "virtual_start", "id"],
                condition=Q(waiting__gt=0),
                name="share_to_serve",
            ),
            models.Index(fields=["queue", "priority", "-virtual_start"], name="share_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.queue}: {self.user} @ {self.platform}"
