"""Accounts of vision models, which say what pictures show; and the pictures that wait for their words."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.models.service import Service

LONGEST_ANSWER_SECONDS = 120


class Describer(Service):
    """An account whose model looks at pictures and says what they show; without one, rules alone do."""

    # Asked by name: there is no usual one of all the servers that speak this API.
    model = models.CharField(
        _("model"), max_length=200, help_text=_("One that takes pictures, as the server calls it.")
    )
    answer_seconds = models.FloatField(
        _("seconds to answer"), default=30,
        validators=[MinValueValidator(0.5), MaxValueValidator(LONGEST_ANSWER_SECONDS)],
        help_text=_("Nobody waits for it: pictures are delivered before."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("vision model")
        verbose_name_plural = _("vision models")
        ordering = ("rank", "alias")


class Undescribed(models.Model):
    """A delivered picture that a vision model is to describe: gone once it has, or when nobody could.

    `tries` is the fence, too: each claim counts on, and whoever claimed before writes nothing.
    """

    artifact = models.OneToOneField(
        "storage.Artifact", models.CASCADE, primary_key=True, related_name="+"
    )
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    # When it is claimed next; while somebody asks, when that is given up as lost.
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["due_at"], name="undescribed_by_time")]

    def __str__(self) -> str:
        return f"art_{self.artifact_id.hex}"
