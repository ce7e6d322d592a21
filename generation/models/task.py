"""The task: one order, one price, one ending; and its pictures."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.models.taste import LONGEST_SUBJECT
from generation.states import TASK_ENDS, TaskState
from genhub.lib import requestid, tracing
from genhub.lib.ids import new_id
from genhub.webhooks.models import LONGEST_URL

# A digest in hexadecimal digits, a point, and the id of an account.
LONGEST_CACHE_KEY = 90


class Priority(models.IntegerChoices):
    """Which orders go first; smaller is sooner."""

    HIGH = 0, _("high")
    NORMAL = 5, _("normal")
    LOW = 9, _("low")


STATE_WORDS = [
    (TaskState.PENDING, _("pending")),
    (TaskState.PROCESSING, _("processing")),
    (TaskState.COMPLETED, _("completed")),
    (TaskState.FAILED, _("failed")),
    (TaskState.CANCELED, _("canceled")),
]


def states_with_times() -> Q:
    """Return the CHECK that a task has the time of its state, and of no other end."""
    ends = {f"{end}_at": None for end in sorted(TASK_ENDS)}
    condition = Q(state=TaskState.PENDING, started_at=None, **ends)
    condition |= Q(state=TaskState.PROCESSING, started_at__isnull=False, **ends)
    for end in sorted(TASK_ENDS):
        others = {name: time for name, time in ends.items() if name != f"{end}_at"}
        condition |= Q(state=end, **{f"{end}_at__isnull": False}, **others)
    return condition


class Task(models.Model):
    """A customer's order. `price` is frozen at submit; the template version is the one it runs, for ever."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(_("user"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=STATE_WORDS, default=TaskState.PENDING)  # fmt: skip
    model = models.CharField(_("model"), max_length=100)
    template_version = models.ForeignKey(
        "templates.TemplateVersion",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("template version"),
    )
    style = models.CharField(_("style"), max_length=50, blank=True)
    quality = models.CharField(_("quality"), max_length=10)
    mode = models.CharField(_("mode"), max_length=10, blank=True)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL
    )
    spec = models.JSONField(_("spec"))
    # Of a template of several steps all of them, each with its spec and price; and which one is at hand, from 1. Model
    # and spec above are that one's. Empty and 0: no such template.
    chain = models.JSONField(default=list, db_default=[], editable=False)
    step = models.PositiveSmallIntegerField(_("step"), default=0, db_default=0, editable=False)
    metadata = models.JSONField(_("metadata"), default=dict)
    # The request that ordered it, as answers and logs name it.
    request_id = models.CharField(
        _("request"), max_length=requestid.LONGEST, blank=True, db_default=""
    )
    # The trace that its order is part of, and where in it; empty: none.
    traceparent = models.CharField(
        max_length=tracing.LONGEST, blank=True, db_default="", editable=False
    )
    # Where its end is told, besides the platform's endpoints.
    webhook = models.CharField(_("webhook"), max_length=LONGEST_URL, blank=True, db_default="")
    # Of what its order said that it is: a series, a character, a session.
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT, blank=True, db_default="")
    # Those that it was ordered with, and its place among what was asked for.
    batch = models.ForeignKey(
        "generation.Batch", models.PROTECT, null=True, related_name="tasks", verbose_name=_("batch"), editable=False,
        # Its own index, below, holds those alone that are of a batch.
        db_index=False,
    )  # fmt: skip
    batch_index = models.PositiveSmallIntegerField(null=True, editable=False)
    num_images = models.PositiveSmallIntegerField(_("number of pictures"))
    unit_price = models.BigIntegerField(_("price of one"))
    price = models.BigIntegerField(_("price"))
    # What decided the price, frozen with it: the rule, the factors, the discount.
    pricing = models.JSONField(_("pricing"), default=dict)
    # The attempt whose picture it goes on with: only that account, with that key, has it.
    follows = models.ForeignKey(
        "generation.Attempt", models.PROTECT, null=True, related_name="+", verbose_name=_("follows"), editable=False,
        # Attempts stay, and nobody looks for what followed one.
        db_index=False,
    )  # fmt: skip
    # What decides its pictures, who may have them, and the account that draws them; empty: they are neither looked for
    # nor found. The same while it is the one that is drawn of all that are alike.
    cache_key = models.CharField(
        max_length=LONGEST_CACHE_KEY, blank=True, default="", db_default="", editable=False
    )
    leads = models.CharField(
        max_length=LONGEST_CACHE_KEY, blank=True, default="", db_default="", editable=False
    )
    # What one picture costs that was drawn before; null: as much as one that is drawn.
    cached_unit_price = models.BigIntegerField(null=True, editable=False)
    # The task that had drawn its pictures before.
    cached_from = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("from the cache"), editable=False,
        # Tasks stay, and nobody looks for what one was found for.
        db_index=False,
    )  # fmt: skip
    # Neither prompt nor picture leaves the house.
    local_only = models.BooleanField(_("stays in the house"), db_default=False)
    # What it cost the operator in US dollars; null: not known, which is not 0.
    cost_usd = models.DecimalField(_("cost in USD"), max_digits=12, decimal_places=6, null=True, blank=True)  # fmt: skip
    error_code = models.CharField(_("error code"), max_length=50, blank=True)
    error_params = models.JSONField(_("error values"), default=dict)
    # Since when what was written in it is kept no more.
    texts_gone_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    # The time that it may take once it has begun; null: the hub's usual one.
    timeout_seconds = models.PositiveIntegerField(_("seconds to run"), null=True)
    # Until when it must have begun; null: nobody said.
    expires_at = models.DateTimeField(_("expires at"), null=True)
    # When it is ended as it stands now: while it waits, at the latest when it expires; its first claim sets it anew.
    deadline_at = models.DateTimeField(_("deadline"))
    started_at = models.DateTimeField(_("started at"), null=True)
    completed_at = models.DateTimeField(_("completed at"), null=True)
    failed_at = models.DateTimeField(_("failed at"), null=True)
    canceled_at = models.DateTimeField(_("canceled at"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=states_with_times(), name="task_state_has_its_time"),
            models.CheckConstraint(
                condition=Q(error_code="") | Q(state=TaskState.FAILED),
                name="task_error_only_when_failed",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0, price=F("unit_price") * F("num_images")),
                name="task_price_of_its_number",
            ),
            models.CheckConstraint(
                condition=Q(step=0, chain=[]) | Q(step__gt=0), name="task_step_of_its_chain"
            ),
            models.UniqueConstraint(
                fields=["leads"],
                condition=Q(state__in=[TaskState.PENDING, TaskState.PROCESSING], leads__gt=""),
                name="task_leads_alone",
            ),
        ]
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("-id",)
        permissions = [
            ("cancel_task", _("Can cancel tasks of users")),
            ("order_task", _("Can order for users and at the hub's expense")),
        ]
        indexes = [
            models.Index(fields=["platform", "user", "-id"], name="task_of_user"),
            models.Index(fields=["platform", "-id"], name="task_of_platform"),
            models.Index(
                fields=["template_version", "-id"],
                condition=Q(template_version__isnull=False),
                name="task_of_version",
            ),
            models.Index(
                fields=["batch", "-id"], condition=Q(batch__isnull=False), name="task_of_batch"
            ),
            models.Index(
                fields=["deadline_at"],
                condition=Q(state__in=[TaskState.PENDING, TaskState.PROCESSING]),
                name="task_live_by_deadline",
            ),
            models.Index(
                fields=["platform", "created_at"],
                condition=Q(state__in=sorted(TASK_ENDS), texts_gone_at=None),
                name="task_texts_by_age",
            ),
            # Few fail, and staff look for those that did for one reason.
            models.Index(
                fields=["error_code", "-id"], condition=Q(error_code__gt=""), name="task_by_failure"
            ),
            # Few pictures are drawn twice; a million that were found would only be in the way.
            models.Index(
                fields=["cache_key", "-id"],
                condition=Q(state=TaskState.COMPLETED, cached_from=None, cache_key__gt=""),
                name="task_drawn_by_key",
            ),
            models.Index(
                fields=["cache_key"],
                condition=Q(state__in=[TaskState.PENDING, TaskState.PROCESSING], cache_key__gt=""),
                name="task_live_by_key",
            ),
        ]

    def __str__(self) -> str:
        return f"task_{self.pk.hex}"
