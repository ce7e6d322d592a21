"""Browser tokens, and the origins by which a browser's first question, which carries no token, is answered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id, to_wire

# Not as their secrets begin: an id may be shown to anybody.
TOKEN = "btk"  # noqa: S105 (the prefix of its ids)
PREFIX_LENGTH = 16
LONGEST_ORIGIN = 300


class BrowserToken(models.Model):
    """A key's stand-in for one end user's browser: less than the key may do, for minutes, within so many credits.

    Nothing of it changes but its end: whoever needs more mints another.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="+", verbose_name=_("platform")
    )
    # It lives no longer than the key that minted it.
    key = models.ForeignKey(
        "platforms.ApiKey", models.CASCADE, related_name="+", verbose_name=_("API key")
    )
    user = models.CharField(_("user"), max_length=200)
    origins = ArrayField(models.CharField(max_length=LONGEST_ORIGIN), verbose_name=_("origins"))
    scopes = ArrayField(models.CharField(max_length=30), verbose_name=_("scopes"))
    # What all its orders together may hold; the ledger counts.
    max_credits = models.BigIntegerField(_("most credits"))
    prefix = models.CharField(_("prefix"), max_length=PREFIX_LENGTH, unique=True)
    hashed_secret = models.CharField(max_length=150)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    expires_at = models.DateTimeField(_("expires at"))
    last_used_at = models.DateTimeField(_("last used at"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("browser token")
        verbose_name_plural = _("browser tokens")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["platform", "-id"], name="browser_token_of_platform"),
            models.Index(fields=["expires_at"], name="browser_token_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(max_credits__gte=0), name="browser_token_most_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return to_wire(TOKEN, self.pk)


class TokenOrigin(models.Model):
    """One origin of one token: found by the newest, however many tokens name it."""

    token = models.ForeignKey(BrowserToken, models.CASCADE, related_name="+")
    origin = models.CharField(max_length=LONGEST_ORIGIN)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["origin", "-expires_at"], name="token_origin_newest")]

    def __str__(self) -> str:
        return self.origin
