"""What is known of the store as a whole: how much there is, and whether files and rows agree."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id


class StorageUse(models.Model):
    """What is stored for a platform, of one kind, but for what `StorageUseStep` still adds."""

    platform = models.ForeignKey(
        "platforms.Platform", models.CASCADE, related_name="+", verbose_name=_("platform")
    )
    kind = models.CharField(_("kind"), max_length=20)
    files = models.BigIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ("view",)
        verbose_name = _("use of the store")
        verbose_name_plural = _("use of the store")
        ordering = ("platform", "kind")
        constraints = [
            models.UniqueConstraint(fields=["platform", "kind"], name="storage_use_of_kind")
        ]

    def __str__(self) -> str:
        return f"{self.platform_id}: {self.kind}"


class StorageUseStep(models.Model):
    """A change of what is stored, written by a trigger: rows of their own, so that nobody waits for another's."""

    platform = models.ForeignKey(
        "platforms.Platform", models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=20)
    files = models.BigIntegerField()
    size_bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.platform_id}: {self.kind} {self.files:+}"


class OrphanReport(models.Model):
    """What a look at the whole store found: files that no row names, and rows whose files are missing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    # Only what is older was looked at.
    days = models.PositiveIntegerField(_("older than (days)"))
    deletes = models.BooleanField(_("deletes"))
    seconds = models.FloatField(_("seconds"))
    files = models.BigIntegerField(_("files"))
    size_bytes = models.BigIntegerField(_("size (bytes)"))
    rows = models.BigIntegerField(_("rows"))
    unnamed_files = models.BigIntegerField(_("files without a row"))
    unnamed_bytes = models.BigIntegerField()
    # Of these: kept by a legal hold, and deleted.
    held_files = models.BigIntegerField(_("of these held"))
    deleted_files = models.BigIntegerField(_("of these deleted"))
    missing_rows = models.BigIntegerField(_("rows without their files"))
    examples = models.JSONField(_("examples"), default=dict)

    class Meta:
        default_permissions = ("view",)
        verbose_name = _("look at the store")
        verbose_name_plural = _("looks at the store")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"look_{self.pk.hex}"
