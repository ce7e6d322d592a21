"""Orders that staff cancel together: frozen when confirmed, ended one by one by the loops."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id


class BulkCancel(models.Model):
    """A wish to cancel many orders. `id` comes from the form, so a double click asks once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reason = models.CharField(_("reason"), max_length=500, editable=False)
    # What staff filtered by, as it stood in the address of the list.
    conditions = models.CharField(_("filter"), max_length=2000, blank=True, editable=False)
    # Those that had not ended when it was confirmed. How far it is says each one's own state: no second truth.
    tasks = ArrayField(models.UUIDField(), editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by"),
        editable=False,
    )  # fmt: skip
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    # Since when none of them is left to be canceled.
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    class Meta:
        verbose_name = _("bulk cancel")
        verbose_name_plural = _("bulk cancels")
        ordering = ("-id",)
        default_permissions = ("view",)
        # The loops' next work; the rest is history.
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(ended_at=None), name="bulk_cancel_under_way"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tasks__len__gt=0), name="bulk_cancel_of_something"
            )
        ]

    def __str__(self) -> str:
        return self.reason
