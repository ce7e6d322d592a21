"""The attempt: one try at one provider, held by a lease and fenced by a token."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.states import ATTEMPT_ENDS, ATTEMPT_LIVE, AttemptState
from genhub.lib.ids import new_id

# Characters.
LONGEST_REMOTE_ID = 1000
USD = models.DecimalField(max_digits=12, decimal_places=6)
STATE_WORDS = [
    (AttemptState.QUEUED, _("queued")),
    (AttemptState.RUNNING, _("running")),
    (AttemptState.WAITING, _("waiting")),
    (AttemptState.UNKNOWN, _("unknown")),
    (AttemptState.SUCCEEDED, _("succeeded")),
    (AttemptState.FAILED, _("failed")),
    (AttemptState.CANCELED, _("canceled")),
    (AttemptState.ABANDONED, _("abandoned")),
]


class Attempt(models.Model):
    """One try of a task. Every write of a worker carries id + lease token + state; no row means: stop."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    task = models.ForeignKey(
        "generation.Task", models.PROTECT, related_name="attempts", verbose_name=_("task")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    # Which step of a chain it tries; 0: its task has no such steps.
    step = models.PositiveSmallIntegerField(_("step"), default=0, db_default=0, editable=False)
    account = models.ForeignKey(
        "generation.Account",
        models.PROTECT,
        related_name="+",
        verbose_name=_("provider"),
        db_column="provider_id",
    )
    # With which key it was sent: who asks for it later must be the same customer of the vendor's.
    key = models.ForeignKey(
        "generation.AccountKey", models.SET_NULL, null=True, related_name="+", verbose_name=_("key")
    )
    share = models.ForeignKey(
        "generation.Share", models.PROTECT, related_name="attempts", verbose_name=_("share")
    )
    cost = models.PositiveSmallIntegerField(_("pictures"), default=1)
    state = models.CharField(
        _("state"), max_length=10, choices=STATE_WORDS, default=AttemptState.QUEUED
    )
    run_at = models.DateTimeField(_("run at"), db_default=Now())
    lease_token = models.BigIntegerField(_("lease token"), db_default=0)
    lease_expires_at = models.DateTimeField(_("lease expires at"), null=True)
    # Set by its claim: whoever works on it for longer is stopped.
    run_until = models.DateTimeField(null=True, editable=False)
    worker = models.CharField(_("worker"), max_length=200, blank=True)
    progress = models.FloatField(_("progress"), db_default=0.0)
    # A small JPEG of the picture under way; gone when the attempt ends.
    preview = models.BinaryField(_("preview"), null=True)
    # How many attempts its worker took as one batch, and whether others were at work in the process. A death may then
    # be another one's fault: it does not count, and what it killed has a process for itself from then on.
    batch_size = models.PositiveSmallIntegerField(_("batch size"), db_default=1)
    shared_process = models.BooleanField(db_default=False, editable=False, db_column="had_company")
    isolated = models.BooleanField(_("runs alone"), db_default=False, db_column="is_alone")
    # Set by its claim: it may leave files that no artifact names, until a sweep has looked.
    needs_sweep = models.BooleanField(db_default=False, editable=False)
    # Written before an order leaves for a vendor, who may bill it from then on whatever is heard.
    sending_at = models.DateTimeField(_("sending at"), null=True)
    remote_id = models.CharField(_("remote id"), max_length=LONGEST_REMOTE_ID, blank=True)
    # Nobody wants it any more, and the vendor still has to be told.
    needs_cancel = models.BooleanField(db_default=False, editable=False)
    # What it cost the operator in US dollars, and what the vendor counted; null: not known, which is not 0.
    cost_usd = models.DecimalField(
        _("cost in USD"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    # The most that its order may cost, written as it leaves: what counts as spent until that is known.
    dearest_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, editable=False)
    usage = models.JSONField(
        _("counted by the vendor"), default=dict, db_default=models.Value({}, models.JSONField())
    )
    # For orders in doubt and failed ones: what was asked, what was answered, without keys and pictures.
    evidence = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), editable=False
    )
    # Of an order in doubt: the vendor's orders that may be it, when it is looked for next, and how often it was.
    suggested = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()), editable=False
    )
    look_at = models.DateTimeField(null=True, editable=False)
    looks = models.PositiveSmallIntegerField(db_default=0, editable=False)
    # When its vendor turned out to have made it, after its task had ended without it.
    late_at = models.DateTimeField(_("came too late at"), null=True, editable=False)
    error_code = models.CharField(_("error code"), max_length=50, blank=True)
    error_detail = models.TextField(
        _("error detail"), blank=True, help_text=_("For staff: the provider's own words, redacted.")
    )
    timings = models.JSONField(_("seconds by stage"), default=dict)
    facts = models.JSONField(
        _("facts"), default=dict, help_text=_("What decided the picture: versions, device, mode.")
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    started_at = models.DateTimeField(_("started at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("-id",)
        permissions = [("decide_unknown", _("Can decide what became of orders in doubt"))]
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="attempt_number"),
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(
                    state__in=[
                        AttemptState.QUEUED,
                        AttemptState.RUNNING,
                        AttemptState.WAITING,
                        AttemptState.UNKNOWN,
                    ]
                ),
                name="attempt_one_live",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, state__in=sorted(ATTEMPT_LIVE))
                | Q(ended_at__isnull=False, state__in=sorted(ATTEMPT_ENDS)),
                name="attempt_end_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(error_code="") | Q(state=AttemptState.FAILED),
                name="attempt_error_only_when_failed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["share", "run_at", "id"],
                condition=Q(state=AttemptState.QUEUED),
                name="attempt_to_claim",
            ),
            # In the order in which they came, of all shares.
            models.Index(
                fields=["run_at", "id"],
                condition=Q(state=AttemptState.QUEUED),
                name="attempt_waiting",
            ),
            models.Index(
                fields=["account"],
                condition=Q(state__in=[AttemptState.RUNNING, AttemptState.WAITING]),
                name="attempt_at_work",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(state=AttemptState.RUNNING),
                name="attempt_by_lease",
            ),
            models.Index(
                fields=["run_until"],
                condition=Q(state__in=[AttemptState.RUNNING, AttemptState.WAITING]),
                name="attempt_by_run_until",
            ),
            models.Index(
                fields=["ended_at"], condition=Q(needs_sweep=True), name="attempt_to_sweep"
            ),
            models.Index(
                fields=["run_at"], condition=Q(state=AttemptState.WAITING), name="attempt_to_poll"
            ),
            models.Index(
                fields=["run_at"], condition=Q(needs_cancel=True), name="attempt_to_cancel"
            ),
            models.Index(
                fields=["task"], condition=Q(state=AttemptState.UNKNOWN), name="attempt_unknown"
            ),
            models.Index(
                fields=["look_at"],
                condition=Q(state=AttemptState.UNKNOWN),
                name="attempt_to_look_for",
            ),
            models.Index(
                fields=["late_at"], condition=Q(late_at__isnull=False), name="attempt_late"
            ),
            models.Index(
                fields=["ended_at"], condition=Q(ended_at__isnull=False), name="attempt_by_end"
            ),
            # What an account has spent on a day, and what may come on top.
            models.Index(
                fields=["account", "ended_at"],
                include=["cost_usd"],
                condition=Q(cost_usd__gt=0),
                name="attempt_spent",
            ),
            models.Index(
                fields=["account"],
                include=["dearest_usd"],
                condition=Q(sending_at__isnull=False, ended_at=None),
                name="attempt_spending",
            ),
        ]

    def __str__(self) -> str:
        return f"att_{self.pk.hex}"


class Costs(Attempt):
    """Attempts as what they cost the operator: a page, and a right, of their own."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("cost")
        verbose_name_plural = _("costs")
