"""Users whom staff stopped: they keep what they have, and order nothing new until staff allow them again."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from credits.models.purse import Purse
from genhub.lib.ids import new_id, to_wire
from genhub.lib.reasons import LONGEST_REASON

STOP = "stop"


class Stop(models.Model):
    """Who stopped a user and why, and who allowed them again. Who the user is stands at the purse alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purse = models.ForeignKey(
        Purse, models.PROTECT, related_name="stops", verbose_name=_("user"), editable=False
    )
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, editable=False)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("stopped by"), editable=False,
    )  # fmt: skip
    stopped_at = models.DateTimeField(_("stopped at"), db_default=Now(), editable=False)
    allowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("allowed again by"),
        editable=False,
    )  # fmt: skip
    allowed_at = models.DateTimeField(_("allowed again at"), null=True, editable=False)
    allowed_why = models.CharField(
        _("why allowed again"), max_length=LONGEST_REASON, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("stopped user")
        verbose_name_plural = _("stopped users")
        ordering = ("-id",)
        permissions = [("stop_users", _("Can stop users and allow them again"))]
        constraints = [
            models.UniqueConstraint(
                fields=["purse"], condition=Q(allowed_at=None), name="stop_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(allowed_at=None, allowed_by=None, allowed_why="")
                | (Q(allowed_at__isnull=False, allowed_by__isnull=False) & ~Q(allowed_why="")),
                name="stop_ends_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return to_wire(STOP, self.pk)
