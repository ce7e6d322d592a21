"""What the rules have deleted so far, how long each platform's data is kept, and what is held whatever its age."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id, to_wire
from genhub.lib.reasons import LONGEST_REASON

LONGEST_DAYS = 36_500
HOLD, ERASURE = "legal", "ers"


def days_field(label: Any) -> Any:
    """Return a column for days that something is kept."""
    return models.PositiveIntegerField(
        label, null=True, blank=True, validators=[MaxValueValidator(LONGEST_DAYS)]
    )


class RuleReport(models.Model):
    """A rule, what it deleted in its last turn and in all of them, and the oldest that it left."""

    rule = models.CharField(_("name"), max_length=50, primary_key=True)
    turn_at = models.DateTimeField(_("last turn"))
    failing_since = models.DateTimeField(_("failing since"), null=True)
    # The last turn that deleted anything, and what.
    deleted_at = models.DateTimeField(_("last deleted"), null=True)
    last_rows = models.BigIntegerField(default=0)
    last_files = models.BigIntegerField(default=0)
    last_bytes = models.BigIntegerField(default=0)
    all_rows = models.BigIntegerField(default=0)
    all_files = models.BigIntegerField(default=0)
    all_bytes = models.BigIntegerField(default=0)
    oldest_at = models.DateTimeField(_("oldest left"), null=True)

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ("rule",)

    def __str__(self) -> str:
        return self.rule


class Keeping(models.Model):
    """How long a platform's data is kept, in days: null as the hub's settings say, 0 for ever.

    Each column is called as its entry of settings.KEEP_DAYS.
    """

    platform = models.OneToOneField(
        "platforms.Platform", models.CASCADE, primary_key=True, related_name="+", verbose_name=_("platform")
    )  # fmt: skip
    outputs = days_field(_("generated pictures and clips"))
    edits = days_field(_("edited pictures"))
    uploads = days_field(_("uploaded pictures that orders named"))
    unused_uploads = days_field(_("uploaded pictures that no order ever named"))
    withheld = days_field(_("withheld pictures, once staff have decided"))
    prompts = days_field(_("prompts and parameters of tasks that have ended"))
    refused_prompts = days_field(_("prompts that were refused"))

    class Meta:
        verbose_name = _("how long a platform's data is kept")
        verbose_name_plural = _("how long platforms' data is kept")
        ordering = ("platform",)

    def __str__(self) -> str:
        return str(self.platform)


class LegalHold(models.Model):
    """What nobody deletes while it lies, whatever its age and whoever asks: a platform's data, or one user's of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(
        _("user"), max_length=200, blank=True, help_text=_("Empty: all users of the platform.")
    )
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON)
    laid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("laid by")
    )
    laid_at = models.DateTimeField(_("laid at"), db_default=Now())
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("lifted by")
    )  # fmt: skip
    lifted_at = models.DateTimeField(_("lifted at"), null=True)
    lifted_why = models.CharField(_("why it was lifted"), max_length=LONGEST_REASON, blank=True)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ("-id",)
        permissions = [("lay_holds", _("Can lay and lift legal holds"))]
        indexes = [
            models.Index(
                fields=["platform", "user"], condition=Q(lifted_at=None), name="legal_hold_lying"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None, lifted_why="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_why="")),
                name="legal_hold_lifted_with_reason",
            )
        ]

    def __str__(self) -> str:
        return to_wire(HOLD, self.pk)


class Erasure(models.Model):
    """A wish to delete what is kept of a user: what went, what stays and why. Its row keeps no name once it is done."""

    class State(models.TextChoices):
        """Each says who moves it on."""

        ASKED = "asked", _("asked for")  # -> working by the loop
        WORKING = "working", _("under way")  # -> done by the loop, held when a legal hold is laid
        HELD = "held", _("waits for a legal hold")  # -> working by the loop, once it is lifted
        DONE = "done", _("done")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    # Until it is done; then what the books call this user.
    user = models.CharField(_("user"), max_length=200)
    # Of the id and the name: whoever knows the name can prove that it is theirs.
    user_sha256 = models.CharField(max_length=64)
    # Staff's name, or how an API key begins.
    asked_by = models.CharField(_("asked for by"), max_length=200)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=State.choices,
        default=State.ASKED,
        db_default=State.ASKED,
    )
    # By the name of each step: rows, files and bytes.
    deleted = models.JSONField(_("deleted"), default=dict)
    asked_at = models.DateTimeField(_("asked at"), db_default=Now())
    turn_at = models.DateTimeField(_("last turn"), null=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta:
        verbose_name = _("deletion of a user's data")
        verbose_name_plural = _("deletions of users' data")
        ordering = ("-id",)
        permissions = [("erase_users", _("Can delete users' data"))]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "user"], condition=~Q(state="done"), name="erasure_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at=None)),
                name="erasure_done_has_its_time",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return to_wire(ERASURE, self.pk)
