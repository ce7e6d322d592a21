"""Artifacts: stored files with their facts."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id
from genhub.lib.limits import LONGEST_ALT
from genhub.lib.reasons import LONGEST_REASON
from storage.keys import EDITS, OUTPUTS, UPLOADS
from storage.review_models import LONGEST_STATE, Review, ReviewState
from storage.take_down_models import TakeDown
from storage.upkeep_models import OrphanReport, StorageUse, StorageUseStep

__all__ = [
    "SHOWN", "Artifact", "DirectUpload", "Edit", "OrphanReport", "Review", "ReviewState", "ReviewedPicture", "ShareLink",
    "StorageUse", "StorageUseStep", "TakeDown", "UploadFolder",
]  # fmt: skip

# What its owner may see: neither kept from everybody nor deleted.
SHOWN = Q(withheld_at=None, gone_at=None)


class Artifact(models.Model):
    """A stored picture or clip and its thumbnail; the facts live here, since object stores may lose theirs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey("platforms.Platform", models.PROTECT, related_name="+")
    user = models.CharField(_("user"), max_length=200)
    # Several rows name one file where several orders have one picture; it goes with the last of them.
    key = models.CharField(_("key"), max_length=300, db_index=True)
    thumbnail_key = models.CharField(_("thumbnail key"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField(_("content type"), max_length=100)
    size_bytes = models.BigIntegerField(_("size (bytes)"))
    width = models.PositiveIntegerField(_("width (pixels)"))
    height = models.PositiveIntegerField(_("height (pixels)"))
    # Of a clip; a picture has none of them.
    seconds = models.FloatField(_("seconds"), null=True, editable=False)
    fps = models.FloatField(_("frames a second"), null=True, editable=False)
    codec = models.CharField(_("codec"), max_length=20, blank=True, default="", db_default="", editable=False)  # fmt: skip
    has_audio = models.BooleanField(_("sounds"), null=True, editable=False)
    # Of its first frame, and of its first seconds; empty: of a picture, or a clip of before.
    poster_key = models.CharField(max_length=300, blank=True, default="", db_default="", editable=False)  # fmt: skip
    preview_key = models.CharField(max_length=300, blank=True, default="", db_default="", editable=False)  # fmt: skip
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    # Until then the picture itself is shown in its place.
    has_thumbnail = models.BooleanField(default=True, db_default=True, editable=False)
    # When the first order named it as its input; null: none did, and an upload may go in time.
    used_at = models.DateTimeField(null=True, editable=False)
    # Since when moderation keeps it from everybody but staff who may look; null: its owner has it.
    withheld_at = models.DateTimeField(null=True, editable=False)
    # Since when its owner likes it; null: it is one of many.
    favourite_at = models.DateTimeField(null=True, editable=False)
    # What a vision model says that it shows; empty: none was asked, or none answered.
    alt = models.CharField(max_length=LONGEST_ALT, blank=True, default="", db_default="", editable=False)  # fmt: skip
    # Where staff stand with publishing it; empty: nobody asked them.
    review = models.CharField(
        _("approval"), max_length=LONGEST_STATE, choices=ReviewState.choices, blank=True, default="", db_default="",
        editable=False,
    )  # fmt: skip
    # What staff said when they decided last; its owner reads it.
    review_reason = models.CharField(
        _("reason"),
        max_length=LONGEST_REASON,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    # Since when its files are no more: orders and books name the row, which stays with what is known of them.
    gone_at = models.DateTimeField(null=True, editable=False)
    # Since when they are no more because staff took them down: `take_down` tells who and why.
    taken_down_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("artifact")
        verbose_name_plural = _("artifacts")
        ordering = ("-created_at",)
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(used_at=None, key__startswith=UPLOADS),
                name="upload_unused_by_age",
            ),
            *(
                models.Index(fields=["platform", "created_at"], condition=condition, name=f"{kind}_file_by_age")
                for kind, condition in (("output", SHOWN & Q(key__startswith=OUTPUTS)),
                                        ("edit", SHOWN & Q(key__startswith=EDITS)),
                                        ("upload", SHOWN & Q(key__startswith=UPLOADS, used_at__isnull=False)))
            ),
            models.Index(
                fields=["platform", "withheld_at"],
                condition=Q(withheld_at__isnull=False, gone_at=None),
                name="withheld_file_by_age",
            ),
            models.Index(fields=["id"], condition=SHOWN & Q(review="waiting"), name="picture_to_approve"),
            models.Index(fields=["platform", "user", "-id"], condition=Q(favourite_at__isnull=False), name="favourite_of_user"),
            models.Index(fields=["id"], condition=SHOWN & ~Q(review=""), name="picture_reviewed"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"art_{self.pk.hex}"

    @property
    def is_clip(self) -> bool:
        """Return whether it is a video."""
        return self.content_type.startswith("video/")

    @property
    def is_shown(self) -> bool:
        """Return whether its owner may see it, and it is still there."""
        return self.withheld_at is None and self.gone_at is None


class ReviewedManager(models.Manager["ReviewedPicture"]):
    """Knows what staff were asked about, and its owner still has."""

    def get_queryset(self) -> models.QuerySet["ReviewedPicture"]:
        """Return these alone."""
        return super().get_queryset().filter(SHOWN).exclude(review="")


class ReviewedPicture(Artifact):
    """A picture that staff were asked to approve."""

    objects: ClassVar[ReviewedManager] = ReviewedManager()

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("picture to approve")
        verbose_name_plural = _("pictures to approve")
        permissions = [("review_pictures", _("Can approve and reject pictures"))]


class Edit(models.Model):
    """What an artifact was made of, and how: its line goes on from edit to edit."""

    artifact = models.OneToOneField(
        Artifact, models.CASCADE, primary_key=True, related_name="edit", editable=False
    )
    parent = models.ForeignKey(
        Artifact, models.SET_NULL, null=True, related_name="edits", verbose_name=_("made of")
    )
    # What was laid over it: where one of these is withheld, so is what shows it.
    logos = models.ManyToManyField(Artifact, related_name="+")
    # As they were said, with their defaults.
    operations = models.JSONField(_("operations"), default=list)
    # Whether a model made any picture of it: an edited photograph is none.
    is_generated = models.BooleanField(editable=False)
    price = models.BigIntegerField(_("price"), default=0)

    class Meta:
        verbose_name = _("edit")
        verbose_name_plural = _("edits")

    def __str__(self) -> str:
        return str(self.artifact)


class ShareLink(models.Model):
    """An address that opens a picture to whoever has it, until its time, its uses or its owner ends it.

    Its secret is a signature of the id: the row alone opens nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    artifact = models.ForeignKey(
        Artifact, models.CASCADE, related_name="links", verbose_name=_("artifact")
    )
    # Without its ending; empty: the artifact's id.
    name = models.CharField(_("file name"), max_length=200, blank=True)
    is_download = models.BooleanField(_("to be saved"), default=False)
    # Null: any number.
    most_uses = models.PositiveIntegerField(_("most uses"), null=True)
    uses = models.PositiveIntegerField(_("uses"), default=0, db_default=0)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        ordering = ("-id",)
        indexes = [models.Index(fields=["expires_at"], name="share_link_by_age")]
        constraints = [
            models.CheckConstraint(
                condition=Q(most_uses=None) | Q(uses__lte=F("most_uses")),
                name="share_link_within_uses",
            )
        ]

    def __str__(self) -> str:
        return f"lnk_{self.pk.hex}"


class DirectUpload(models.Model):
    """A file that its owner sends to the store itself, and that becomes an artifact once its owner says that it is
    there. Without one, it goes after its time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey("platforms.Platform", models.PROTECT, related_name="+")
    user = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField()
    # Of the file that is sent; empty: not said.
    sha256 = models.CharField(max_length=64, blank=True)
    artifact = models.ForeignKey(Artifact, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(artifact=None), name="direct_upload_by_age"
            ),
            models.Index(fields=["platform", "user", "sha256"], name="direct_upload_by_owner"),
        ]

    def __str__(self) -> str:
        return f"upl_{self.pk.hex}"


class UploadFolder(models.Model):
    """Where an upload's or an edit's files are about to lie: written before them, gone with their artifact's row; where
    files lie whose artifact is no more; and what its owner sends to the store itself, as old as the end of its time.

    What is left here a sweep deletes, but for files that an artifact names.
    """

    folder = models.CharField(max_length=200, unique=True)
    # Whose: what lies under a legal hold stays. Null: of an earlier release, which did not say.
    platform = models.ForeignKey("platforms.Platform", models.CASCADE, null=True, related_name="+")
    user = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Set anew when it is noted again.
    noted_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="upload_folder_by_age")]

    def __str__(self) -> str:
        return self.folder
