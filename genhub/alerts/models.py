"""Conditions that staff are told of (alerts), and how each telling went (notices)."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id

LONGEST_ABOUT, LONGEST_ERROR = 200, 300
ALERT, NOTICE = "alert", "msg"


class Alert(models.Model):
    """A condition from the first look that found it until it has been gone for a while. One that has not held for as
    long as the settings say has not begun: it is told to nobody, and deleted when it passes."""

    class Kind(models.TextChoices):
        """What may be wrong; `about` says with what of the hub."""

        QUEUE_STUCK = "queue_stuck", _("a queue is stuck")
        WORKER_GONE = "worker_gone", _("a queue has no worker")
        PROVIDER_CLOSED = "provider_closed", _("a provider takes no orders")
        AUDIT_FAILED = "audit_failed", _("the audit found mistakes")
        LOOP_LATE = "loop_late", _("a loop is not well")
        MODEL_BROKEN = "model_broken", _("a model was switched off")
        DISK_LOW = "disk_low", _("a disk is almost full")
        WORKER_FULL = "worker_full", _("a worker's disk is almost full")
        WEBHOOKS_LATE = "webhooks_late", _("webhooks are late")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    about = models.CharField(_("where"), max_length=LONGEST_ABOUT, blank=True)
    # Figures of the newest look that found it, for its words.
    facts = models.JSONField(_("facts"), default=dict)
    since = models.DateTimeField(_("seen since"), db_default=Now())
    # The newest look at whether it holds; what nobody looked at for long is counted from the next look on.
    looked_at = models.DateTimeField(_("looked at"), db_default=Now())
    began_at = models.DateTimeField(_("began"), null=True)
    # Of one that has begun: since when no look found it.
    gone_since = models.DateTimeField(_("not seen since"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = (F("ended_at").desc(nulls_first=True), "-began_at")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about"], condition=Q(ended_at=None), name="alert_open_once"
            ),
        ]
        indexes = [models.Index(fields=["ended_at", "id"], name="alert_ended")]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}".strip()


class Notice(models.Model):
    """One telling of one end of an alert by one channel."""

    class What(models.TextChoices):
        """Which end of it."""

        BEGAN = "began", _("began")
        ENDED = "ended", _("ended")

    class Channel(models.TextChoices):
        """By which way."""

        MAIL = "mail", _("mail")
        WEBHOOK = "webhook", _("webhook")

    class State(models.TextChoices):
        """How it stands."""

        WAITING = "waiting", _("waiting")
        TOLD = "told", _("told")
        GIVEN_UP = "given_up", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alert = models.ForeignKey(
        Alert, models.CASCADE, related_name="notices", verbose_name=_("alert")
    )
    what = models.CharField(_("what"), max_length=10, choices=What.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    # Also who sends it: whoever counted the newest try.
    tries = models.PositiveIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("next try"), db_default=Now())
    told_at = models.DateTimeField(_("told"), null=True)
    last_error = models.CharField(_("last error"), max_length=LONGEST_ERROR, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("notice of an alert")
        verbose_name_plural = _("notices of alerts")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["alert", "what", "channel"], name="notice_once"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="notice_due")]

    def __str__(self) -> str:
        return f"{self.channel} {self.what} of {self.alert_id}"
