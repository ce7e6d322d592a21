"""What waits for staff: orders of which nobody knows what became of them, and what came too late."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from generation.models.attempt import Attempt


class LateOutput(models.Model):
    """A picture that came when its credits had been given back already; whoever ordered it does not see it."""

    attempt = models.ForeignKey(
        "generation.Attempt", models.PROTECT, related_name="late_outputs", verbose_name=_("attempt")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    artifact = models.OneToOneField(
        "storage.Artifact", models.PROTECT, related_name="late_output", verbose_name=_("artifact")
    )

    class Meta:
        verbose_name = _("late picture")
        verbose_name_plural = _("late pictures")
        ordering = ("attempt", "position")
        constraints = [
            models.UniqueConstraint(fields=["attempt", "position"], name="late_output_position")
        ]

    def __str__(self) -> str:
        return f"{self.attempt} [{self.position}]"


class DeskEntry(Attempt):
    """An attempt as it lies on staff's desk."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("order in doubt")
        verbose_name_plural = _("orders in doubt")
