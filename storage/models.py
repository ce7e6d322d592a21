"""Artifacts: stored files with their facts."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id
from storage.keys import UPLOADS


class Artifact(models.Model):
    """A stored picture and its thumbnail; the facts live here, since object stores may lose theirs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey("platforms.Platform", models.PROTECT, related_name="+")
    user = models.CharField(_("user"), max_length=200)
    key = models.CharField(_("key"), max_length=300, unique=True)
    thumbnail_key = models.CharField(_("thumbnail key"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField(_("content type"), max_length=100)
    size_bytes = models.BigIntegerField(_("size (bytes)"))
    width = models.PositiveIntegerField(_("width (pixels)"))
    height = models.PositiveIntegerField(_("height (pixels)"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    # Until then the picture itself is shown in its place.
    has_thumbnail = models.BooleanField(default=True, db_default=True, editable=False)
    # When the first order named it as its input; null: none did, and an upload may go in time.
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("artifact")
        verbose_name_plural = _("artifacts")
        ordering = ("-created_at",)
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(used_at=None, key__startswith=UPLOADS),
                name="upload_unused_by_age",
            )
        ]

    def __str__(self) -> str:
        return f"art_{self.pk.hex}"


class UploadFolder(models.Model):
    """Where an upload's files are about to lie: written before them, gone with their artifact's row.

    What is left here is of an upload that stopped midway: a sweep deletes its files.
    """

    folder = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="upload_folder_by_age")]

    def __str__(self) -> str:
        return self.folder
