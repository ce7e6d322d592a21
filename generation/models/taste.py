"""What the hub remembers of how a user likes pictures: usual words of orders, and the seed of each subject."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id

LONGEST_SUBJECT = 200


class Preferences(models.Model):
    """A user's usual words of an order; no row: none are kept."""

    platform = models.ForeignKey(
        "platforms.Platform", models.CASCADE, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(_("user"), max_length=200)
    words = models.JSONField(_("words"))
    updated_at = models.DateTimeField(_("updated at"), db_default=Now())

    class Meta:
        verbose_name = _("preferences of a user")
        verbose_name_plural = _("preferences of users")
        permissions = [("forget_preferences", _("Can forget preferences of users"))]
        constraints = [
            models.UniqueConstraint(fields=["platform", "user"], name="preferences_of_user")
        ]

    def __str__(self) -> str:
        return self.user


class Subject(models.Model):
    """A series, a character or a session of a user, with the seed that its first order drew."""

    # UUIDv7: its lists are paged by it, newest first.
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.CASCADE, related_name="+", verbose_name=_("platform")
    )
    user = models.CharField(_("user"), max_length=200)
    name = models.CharField(_("name"), max_length=LONGEST_SUBJECT)
    seed = models.BigIntegerField(_("seed"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    used_at = models.DateTimeField(_("last used at"), db_default=Now())

    class Meta:
        verbose_name = _("subject")
        verbose_name_plural = _("subjects")
        ordering = ("-id",)
        permissions = [("forget_subject", _("Can forget subjects of users"))]
        constraints = [
            models.UniqueConstraint(fields=["platform", "user", "name"], name="one_seed_a_subject")
        ]
        indexes = [
            models.Index(fields=["platform", "user", "-id"], name="subject_of_user"),
            models.Index(fields=["used_at"], name="subject_by_age"),
        ]

    def __str__(self) -> str:
        return self.name
