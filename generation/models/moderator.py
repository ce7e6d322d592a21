"""Moderation services: who is asked about prompts and pictures, how, and how they stand."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from generation.models.service import Service


class Moderator(Service):
    """A configured account at a moderation service; the next one is asked only when it fails."""

    adapter = models.CharField(_("adapter"), max_length=50)
    checks_prompts = models.BooleanField(_("checks prompts"), default=True)
    checks_pictures = models.BooleanField(_("checks pictures"), default=False)
    answer_seconds = models.FloatField(
        _("seconds to answer"), default=10, validators=[MinValueValidator(0.5), MaxValueValidator(60)],
        help_text=_("Whoever orders waits for it."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("moderation service")
        verbose_name_plural = _("moderation services")
        ordering = ("rank", "alias")
