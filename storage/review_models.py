"""What staff decided about pictures of platforms that publish approved ones alone."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id
from genhub.lib.reasons import LONGEST_REASON

LONGEST_STATE = 10


class ReviewState(models.TextChoices):
    """Where staff stand with a picture. Each says who moves it on."""

    WAITING = "waiting", _("waits for approval")  # -> approved, rejected by staff
    APPROVED = "approved", _("approved")  # -> rejected by staff
    REJECTED = "rejected", _("rejected")  # -> approved by staff


class Review(models.Model):
    """One decision about one picture: who took it, when, and why. The last one stands."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    artifact = models.ForeignKey(
        "storage.Artifact", models.CASCADE, related_name="reviews", verbose_name=_("artifact")
    )
    state = models.CharField(_("approval"), max_length=LONGEST_STATE, choices=ReviewState.choices)
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), db_default=Now())

    class Meta:
        verbose_name = _("decision about a picture")
        verbose_name_plural = _("decisions about pictures")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state=ReviewState.WAITING), name="review_is_a_decision"
            ),
            models.CheckConstraint(
                condition=models.Q(state=ReviewState.APPROVED) | ~models.Q(reason=""),
                name="review_rejects_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"rev_{self.pk.hex}"
