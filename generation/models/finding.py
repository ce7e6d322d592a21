"""What moderation found in prompts and pictures, what staff decided about it, and what owners say against it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id
from genhub.lib.reasons import LONGEST_REASON

# Of a text that was judged, in characters; and of what an owner says.
LONGEST_JUDGED, LONGEST_APPEAL = 4000, 2000


class Finding(models.Model):
    """One thing that was found: in a prompt that was refused for it, or in an order that was taken."""

    class Source(models.TextChoices):
        """Who found it."""

        TERM = "term", _("the list of terms")
        SERVICE = "service", _("a moderation service")
        CLASSIFIER = "classifier", _("the local classifier")

    class Outcome(models.TextChoices):
        """What became of it at once, by the platform's policy."""

        REFUSED = "refused", _("order refused")
        FLAGGED = "flagged", _("delivered, flagged")
        BLOCKED = "blocked", _("picture withheld")

    class State(models.TextChoices):
        """Where staff stand with it."""

        OPEN = "open", _("waits for a decision")
        RELEASED = "released", _("released to its owner")
        KEPT = "kept", _("withheld for good")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(_("user"), max_length=200)
    # Null: its order was refused.
    task = models.ForeignKey(
        "generation.Task", models.PROTECT, null=True, related_name="findings", verbose_name=_("task")
    )  # fmt: skip
    # Of a picture: which one, and its file; null: it was found in the prompt.
    position = models.PositiveSmallIntegerField(_("position"), null=True)
    artifact = models.ForeignKey(
        "storage.Artifact", models.PROTECT, null=True, related_name="+", verbose_name=_("picture")
    )
    # Of a prompt: the word of the order, and what it said.
    field = models.CharField(_("field"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    source = models.CharField(_("found by"), max_length=10, choices=Source.choices)
    # The alias of the service that was asked.
    service = models.CharField(_("service"), max_length=50, blank=True)
    term = models.ForeignKey(
        "generation.Term", models.SET_NULL, null=True, related_name="+", verbose_name=_("term")
    )
    # The category of the term, or the labels of who judged.
    labels = models.JSONField(_("what it was found to be"), default=list)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.OPEN, db_default=State.OPEN
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )  # fmt: skip
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("moderated content")
        verbose_name_plural = _("moderated content")
        ordering = ("-id",)
        permissions = [
            ("decide_findings", _("Can decide about moderated content")),
            ("see_withheld", _("Can look at withheld pictures")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="finding_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(outcome="refused", task=None) | ~Q(outcome="refused") & Q(task__isnull=False),
                name="finding_refused_has_no_task",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state="open", task__isnull=False), name="finding_to_decide"
            ),
            models.Index(fields=["created_at"], condition=Q(task=None), name="finding_refused_by_age"),
            models.Index(fields=["artifact"], condition=Q(artifact__isnull=False), name="finding_of_picture"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"find_{self.pk.hex}"


class RefusedPrompt(Finding):
    """A finding for which an order was refused: staff read them to find terms that hit the innocent."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("refused prompt")
        verbose_name_plural = _("refused prompts")


class Appeal(models.Model):
    """What the owner of a task says against what was withheld of it; its findings tell what became of it."""

    task = models.OneToOneField(
        "generation.Task", models.PROTECT, primary_key=True, related_name="appeal", verbose_name=_("task")
    )  # fmt: skip
    text = models.CharField(_("what the owner says"), max_length=LONGEST_APPEAL)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")

    def __str__(self) -> str:
        return f"task_{self.task_id.hex}"
