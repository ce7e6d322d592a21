"""Deaths of workers that drew, by which a model is told from bad luck."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class WorkerDeath(models.Model):
    """A worker process of the local engine that ended without a word while it drew with a model."""

    account = models.ForeignKey(
        "generation.Account", models.CASCADE, related_name="+", db_column="provider_id"
    )
    model = models.CharField(max_length=100)
    # Host and process id.
    process = models.CharField(max_length=200)
    died_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("death of a worker")
        verbose_name_plural = _("deaths of workers")
        default_permissions = ()
        indexes = [models.Index(fields=["died_at"], name="worker_death_by_age")]

    def __str__(self) -> str:
        return f"{self.process} ({self.model})"
