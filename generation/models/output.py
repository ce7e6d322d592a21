"""Outputs: each picture that a task was to deliver, and what became of it."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generation.models.task import Task

if TYPE_CHECKING:
    from storage.models import Artifact


class Output(models.Model):
    """One picture of a task: delivered as an artifact, or refused with an error code."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="outputs", verbose_name=_("task"))
    position = models.PositiveSmallIntegerField(_("position"))
    # Which step of a chain made it; 0: its task has no such steps.
    step = models.PositiveSmallIntegerField(_("step"), default=0, db_default=0, editable=False)
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
    # Withheld at first and released by staff: its credits had been given back, and stay with its owner.
    is_gift = models.BooleanField(default=False, db_default=False, editable=False)
    # The credits that were given back for it, as one of those that staff ticked.
    refunded = models.BigIntegerField(default=0, db_default=0, editable=False)

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

    @property
    def shown(self) -> "Artifact | None":
        """The picture that its owner may see, None where there is none, or it is withheld or deleted."""
        return self.artifact if self.artifact and self.artifact.is_shown else None

    @property
    def failure(self) -> str:
        """The code that tells why its owner sees no picture, empty where there is one."""
        if self.error_code or self.shown:
            return self.error_code
        if self.artifact is None or self.artifact.gone_at is None:
            return "content_blocked"
        return "picture_taken_down" if self.artifact.taken_down_at else "file_deleted"
