"""API keys of platforms: what each may do, how it is found, and how it ends."""

import datetime
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id
from genhub.platforms.keys import KEY_SHAPE, PREFIX_LENGTH, generator

if TYPE_CHECKING:
    from genhub.platforms.models import Platform

STAYS = _("Prompts and pictures never leave the house: only models of your own servers take its orders.")  # fmt: skip


class Scope(models.TextChoices):
    """What a key may do."""

    TASKS_WRITE = "tasks:write", _("create and cancel tasks")
    TASKS_READ = "tasks:read", _("read tasks and their pictures")
    CREDITS_READ = "credits:read", _("read balances and statements")
    WEBHOOKS_MANAGE = "webhooks:manage", _("manage webhooks, with a platform's key")
    CREDITS_GRANT = "credits:grant", _("grant credits, within the platform's grant rules")


def usual_scopes() -> list[str]:
    """Return what a key gets unless somebody says otherwise: all but the right to make credits."""
    return [scope for scope in Scope.values if scope != Scope.CREDITS_GRANT]


class ApiKeyManager(models.Manager["ApiKey"]):
    """Makes keys and finds them again."""

    def issue(
        self,
        platform: "Platform",
        *,
        name: str,
        user: str = "",
        scopes: list[str] | None = None,
        local_only: bool = False,
        expires_at: datetime.datetime | None = None,
    ) -> tuple["ApiKey", str]:
        """Create a key and return its row and the key itself, which is shown this once and kept nowhere."""
        key, prefix, hashed_key = generator.generate()
        row = self.create(
            platform=platform,
            name=name,
            user=user,
            scopes=usual_scopes() if scopes is None else scopes,
            local_only=local_only,
            expires_at=expires_at,
            prefix=prefix,
            hashed_key=hashed_key,
        )
        return row, key

    def living(self) -> models.QuerySet["ApiKey"]:
        """Return the keys that are neither revoked nor expired, of platforms that are active."""
        rows = self.filter(revoked_at=None, platform__is_active=True)
        return rows.exclude(expires_at__lte=Now())

    def find(self, key: str) -> "ApiKey | None":
        """Return the live row of this key with its platform, or None when it is unknown, revoked or expired."""
        # What no key of ours looks like is not looked for.
        if not KEY_SHAPE.fullmatch(key):
            return None
        prefix = key.partition(".")[0]
        row = self.living().filter(prefix=prefix).select_related("platform__plan").first()
        return row if row and generator.verify(key, row.hashed_key) else None


class ApiKey(models.Model):
    """A key of a platform; with a `user` it speaks for that end user alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, related_name="keys", verbose_name=_("platform")
    )
    name = models.CharField(_("name"), max_length=100)
    user = models.CharField(
        _("user"), max_length=200, blank=True, help_text=_("Empty: the key speaks for all users.")
    )
    scopes = ArrayField(
        models.CharField(max_length=30, choices=Scope.choices), verbose_name=_("scopes")
    )
    local_only = models.BooleanField(_("stays in the house"), default=False, db_default=False, help_text=STAYS)  # fmt: skip
    prefix = models.CharField(_("prefix"), max_length=PREFIX_LENGTH, unique=True, editable=False)
    hashed_key = models.CharField(max_length=150, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = ApiKeyManager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    def revoke(self) -> Self:
        """End the key for good: the next request with it is refused."""
        ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=Now())
        self.refresh_from_db()
        return self
