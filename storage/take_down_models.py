"""What staff took down for good, by whom and why."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id, to_wire
from genhub.lib.reasons import LONGEST_REASON

TAKE_DOWN = "down"


class TakeDown(models.Model):
    """One picture whose files staff had deleted; its row stays, since orders and books name it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    artifact = models.OneToOneField(
        "storage.Artifact", models.PROTECT, related_name="take_down", verbose_name=_("artifact"), editable=False,
    )  # fmt: skip
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, editable=False)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("taken down by"), editable=False,
    )  # fmt: skip
    taken_at = models.DateTimeField(_("taken down at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("picture taken down")
        verbose_name_plural = _("pictures taken down")
        ordering = ("-id",)
        default_permissions = ("view",)
        permissions = [("take_down_pictures", _("Can take pictures down for good"))]

    def __str__(self) -> str:
        return to_wire(TAKE_DOWN, self.pk)
