"""Where the weights of the local engine's models lie, on its workers."""

import json
from dataclasses import asdict
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generation.spec import LocalModel
from genhub.lib.places import HUB_ID, REVISION


class LocalWeights(models.Model):
    """The files of a model that the local engine draws with; a vendor's model has no such row."""

    offer = models.OneToOneField(
        "generation.Offer",
        models.CASCADE,
        primary_key=True,
        related_name="local",
        verbose_name=_("model"),
    )
    folder = models.CharField(
        _("folder or hub id"),
        max_length=500,
        blank=True,
        help_text=_(
            "On the workers: the whole path of a folder in the diffusers layout; or a hub id, such as "
            "Tongyi-MAI/Z-Image, which is read from the worker's own cache and never downloaded."
        ),
    )
    revision = models.CharField(
        _("revision"),
        max_length=40,
        blank=True,
        validators=[RegexValidator(REVISION, _("40 digits from 0 to f, in small letters."))],
        help_text=_("Of a hub id: the commit, 40 hexadecimal digits. A folder has none."),
    )
    weights = models.JSONField(_("weights"), default=list, blank=True)
    loras = models.JSONField(_("LoRAs"), default=list, blank=True)

    class Meta:
        verbose_name = _("weights of a model")
        verbose_name_plural = _("weights of models")
        constraints = [
            models.CheckConstraint(
                condition=Q(revision__regex=REVISION), name="model_weights_revision"
            ),
            models.CheckConstraint(
                condition=~Q(folder__regex=HUB_ID) | ~Q(revision=""), name="model_weights_pinned"
            ),
        ]

    def __str__(self) -> str:
        return self.folder

    def place(self) -> dict[str, Any]:
        """Return the values of a LocalModel."""
        return {name: getattr(self, name) for name in PLACE}


# What a LocalModel and its row call by one name: all of it.
PLACE = tuple(asdict(LocalModel()))


def columns_of_place(local: LocalModel) -> dict[str, Any]:
    """Return where weights lie as JSON values, by column."""
    values: dict[str, Any] = json.loads(json.dumps(asdict(local)))
    return values
