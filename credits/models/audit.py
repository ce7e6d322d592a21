"""Runs of the audit: each says up to when the books were proved, and what was wrong."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id


class AuditRun(models.Model):
    """One audit. A clean one is a checkpoint: what was written before `proved_until` need not be proved again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    started_at = models.DateTimeField(_("started at"), db_default=Now(), editable=False)
    seconds = models.FloatField(_("seconds"), editable=False)
    since = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("since"), editable=False
    )
    # Older than every transaction that was open while this run read.
    proved_until = models.DateTimeField(_("proved until"), editable=False)
    checks = models.PositiveIntegerField(_("checks"), editable=False)
    findings = models.JSONField(_("findings"), default=list, editable=False)

    class Meta:
        verbose_name = _("audit")
        verbose_name_plural = _("audits")
        ordering = ("-id",)
        indexes = [models.Index(fields=["started_at"], name="audit_by_age")]
        permissions = [("run_audit", _("Can run the audit"))]

    def __str__(self) -> str:
        return f"audit_{self.pk.hex}"
