"""The task: one order, one price, one ending; and its pictures."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.models.taste import LONGEST_SUBJECT
from generation.states import TASK_ENDS, TaskState
from genhub.lib import requestid
from genhub.lib.ids import new_id
from genhub.webhooks.models import LONGEST_URL


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
    state = models.CharField(
        _("state"), max_length=10, choices=STATE_WORDS, default=TaskState.PENDING
    )
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
    metadata = models.JSONField(_("metadata"), default=dict)
    # The request that ordered it, as answers and logs name it.
    request_id = models.CharField(
        _("request"), max_length=requestid.LONGEST, blank=True, db_default=""
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
    # Neither prompt nor picture leaves the house.
    local_only = models.BooleanField(_("stays in the house"), db_default=False)
    # What it cost the operator in US dollars; null: not known, which is not 0.
    cost_usd = models.DecimalField(
        _("cost in USD"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    error_code = models.CharField(_("error code"), max_length=50, blank=True)
    error_params = models.JSONField(_("error values"), default=dict)
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
        ]
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["platform", "user", "-id"], name="task_of_user"),
            models.Index(fields=["platform", "-id"], name="task_of_platform"),
            models.Index(
                fields=["batch", "-id"], condition=Q(batch__isnull=False), name="task_of_batch"
            ),
            models.Index(
                fields=["deadline_at"],
                condition=Q(state__in=[TaskState.PENDING, TaskState.PROCESSING]),
                name="task_live_by_deadline",
            ),
        ]

    def __str__(self) -> str:
        return f"task_{self.pk.hex}"


class Output(models.Model):
    """One picture of a task: delivered as an artifact, or refused with an error code."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="outputs", verbose_name=_("task"))
    position = models.PositiveSmallIntegerField(_("position"))
    # Null: the vendor does not say.
    seed = models.BigIntegerField(_("seed"), null=True)
    revised_prompt = models.TextField(_("revised prompt"), blank=True, db_default="")
    artifact = models.OneToOneField(
        "storage.Artifact",
        models.PROTECT,
        null=True,
        related_name="output",
        verbose_name=_("artifact"),
    )
    error_code = models.CharField(_("error code"), max_length=50, blank=True)
    error_params = models.JSONField(_("error values"), default=dict, db_default={})

    class Meta:
        verbose_name = _("output")
        verbose_name_plural = _("outputs")
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["task", "position"], name="output_position"),
            models.CheckConstraint(
                condition=Q(artifact__isnull=False, error_code="")
                | (Q(artifact=None) & ~Q(error_code="")),
                name="output_delivered_or_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} [{self.position}]"


class TaskCount(models.Model):
    """How many tasks a user has, kept by a trigger: a page's total must not count rows."""

    platform = models.ForeignKey("platforms.Platform", models.CASCADE, related_name="+")
    user = models.CharField(max_length=200)
    total = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "user"], name="task_count_of_user")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.total}"
