"""Where apps are told (endpoints), what (messages), and how each telling went (deliveries).

A message is written in the transaction that makes it true, with its deliveries: these rows are the outbox.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib import tracing
from genhub.lib.ids import new_id, to_wire

LONGEST_URL = 2048
ENDPOINT, MESSAGE, DELIVERY = "ep", "msg", "dlv"


class EventType(models.TextChoices):
    """What an endpoint may ask to be told."""

    PROCESSING = "task.processing", _("a task is worked on")
    COMPLETED = "task.completed", _("a task is completed")
    FAILED = "task.failed", _("a task failed")
    CANCELED = "task.canceled", _("a task was canceled")
    BATCH = "batch.completed", _("all tasks of a batch have ended")
    CREDITS_LOW = "credits.low", _("a user's credits fell below the platform's mark")
    PICTURE_APPROVED = "picture.approved", _("staff approved a picture")
    PICTURE_REJECTED = "picture.rejected", _("staff rejected a picture")
    PICTURE_TAKEN_DOWN = "picture.taken_down", _("staff took a picture down for good")


ENDS = (EventType.COMPLETED, EventType.FAILED, EventType.CANCELED)
# What an endpoint is told that does not say of what.
USUAL = (*ENDS, EventType.BATCH)
# Sent when somebody asks for it, whatever the endpoint's filter says.
TEST = "webhook.test"


class Endpoint(models.Model):
    """An address of a platform; without a URL it stands for the addresses that orders bring, and signs their calls.

    Of each platform there is at most one without.
    """

    class Why(models.TextChoices):
        """Why it is off."""

        ASKED = "asked", _("switched off")  # the platform, or staff
        GONE = "gone", _("the receiver said that it is gone (410)")  # its answer
        FAILING = "failing", _("it failed for days")  # so many failures, and no success between

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    url = models.CharField(_("address"), max_length=LONGEST_URL, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    events = ArrayField(
        models.CharField(max_length=30, choices=EventType.choices), verbose_name=_("events")
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    disabled_why = models.CharField(
        _("why it is off"), max_length=10, choices=Why.choices, blank=True
    )
    disabled_at = models.DateTimeField(_("off since"), null=True, blank=True)
    # Sealed. The previous one signs, too, until its time is over: receivers change theirs in between.
    secret = models.TextField(editable=False)
    previous_secret = models.TextField(blank=True, editable=False)
    previous_until = models.DateTimeField(_("earlier secret signs until"), null=True)
    # Without a success between them.
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    # From then on each event of its filter has a message: the audit counts from here.
    asks_since = models.DateTimeField(_("asks since"), db_default=Now())
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    # Hidden from then on; what was sent there is kept for its days.
    removed_at = models.DateTimeField(_("removed at"), null=True)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ("-id",)
        permissions = [
            ("rotate_secret", _("Can give a webhook endpoint a new secret")),
        ]
        indexes = [models.Index(fields=["platform", "-id"], name="endpoint_of_platform")]
        constraints = [
            models.UniqueConstraint(
                fields=["platform"],
                condition=Q(url="", removed_at=None),
                name="endpoint_of_orders_once",
            ),
            models.CheckConstraint(
                condition=Q(is_enabled=True, disabled_why="", disabled_at=None)
                | (Q(is_enabled=False, disabled_at__isnull=False) & ~Q(disabled_why="")),
                name="endpoint_off_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.url or to_wire(ENDPOINT, self.pk)


class Message(models.Model):
    """What happened, once for each platform and event: the payload as it was then, and the id that is told with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    type = models.CharField(_("event"), max_length=30)
    # Of what it tells: the id of whoever wrote it. Null: of nothing, as a test.
    about = models.UUIDField(_("about"), null=True)
    # Text, not JSON: what was signed is what is sent, byte for byte, whenever.
    payload = models.TextField(_("payload"))
    # The trace that it is part of, and where in it; empty: none.
    traceparent = models.CharField(
        max_length=tracing.LONGEST, blank=True, db_default="", editable=False
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        ordering = ("-id",)
        indexes = [models.Index(fields=["created_at"], name="message_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["about", "type"], name="message_once_for_each_event")
        ]

    def __str__(self) -> str:
        return to_wire(MESSAGE, self.pk)


class Delivery(models.Model):
    """A message on its way to one receiver. Who sends it holds it by its token, until `due_at`."""

    class State(models.TextChoices):
        """Each says who moves it on."""

        WAITING = "waiting", _("waiting")  # -> an end by who sends it, held with its endpoint
        DELIVERED = "delivered", _("delivered")  # -> waiting by a replay
        FAILED = "failed", _("failed")  # after the last try -> waiting by a replay
        HELD = "held", _("held")  # its endpoint is off -> waiting by a replay

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(
        Message, models.CASCADE, related_name="deliveries", verbose_name=_("message")
    )
    endpoint = models.ForeignKey(
        Endpoint, models.PROTECT, related_name="deliveries", verbose_name=_("endpoint")
    )
    # Of an order that brought its own address along; empty: the endpoint's.
    url = models.CharField(_("address"), max_length=LONGEST_URL, blank=True)
    # Whom a slow one delays: the endpoint alone, or the host that an order named.
    receiver = models.CharField(max_length=300, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    # Of the schedule; a replay begins anew.
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    # With each claim one more: what comes of an earlier one is not written.
    token = models.PositiveIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(_("due at"), db_default=Now())
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    # The newest ones: when, how long, status, the first bytes of the answer, or why there was none.
    answers = models.JSONField(_("answers"), default=list)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-id",)
        permissions = [("replay_delivery", _("Can send webhooks again"))]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(
                fields=["receiver", "due_at"],
                condition=Q(state="waiting"),
                name="delivery_waiting",
            ),
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="delivery_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "endpoint"], name="delivery_once_an_endpoint"
            )
        ]

    def __str__(self) -> str:
        return to_wire(DELIVERY, self.pk)
