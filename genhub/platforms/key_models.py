"""API keys of platforms: what each may do, how it is found, and how it ends."""

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.addresses import read_network
from genhub.lib.ids import new_id
from genhub.lib.prepared import Prepared
from genhub.platforms.keys import KEY_SHAPE, PREFIX_LENGTH, generator

if TYPE_CHECKING:
    from genhub.platforms.models import Platform

STAYS = _("Prompts and pictures never leave the house: only models of your own servers take its orders.")  # fmt: skip


# Writing each use would make the key's row hot; a minute is exact enough to find forgotten keys.
LAST_USED_EVERY = datetime.timedelta(minutes=1)
LONG_AGO = Q(last_used_at=None) | Q(last_used_at__lt=Now() - LAST_USED_EVERY)
MOST_NETWORKS = 100


class Scope(models.TextChoices):
    """What a key may do."""

    TASKS_WRITE = "tasks:write", _("create and cancel tasks")
    TASKS_READ = "tasks:read", _("read tasks and their pictures")
    CREDITS_READ = "credits:read", _("read balances and statements")
    WEBHOOKS_MANAGE = "webhooks:manage", _("manage webhooks, with a platform's key")
    TOKENS_CREATE = "tokens:create", _("make browser tokens, and end them")
    CREDITS_GRANT = "credits:grant", _("grant credits, within the platform's grant rules")
    KEYS_ROTATE = "keys:rotate", _("give itself a new secret")
    DATA_ERASE = "data:erase", _("delete all data of a user")


# What staff tick one by one: to make credits, to shut out its holder, to delete what cannot be brought back.
UNUSUAL = frozenset({Scope.CREDITS_GRANT, Scope.KEYS_ROTATE, Scope.DATA_ERASE})


def usual_scopes() -> list[str]:
    """Return what a key gets unless somebody says otherwise."""
    return [scope for scope in Scope.values if scope not in UNUSUAL]


def validate_network(text: str) -> None:
    """Refuse what is neither an address nor a network in CIDR notation."""
    try:
        read_network(text)
    except ValueError:
        message = _("“%(text)s” is no address and no network such as 203.0.113.0/24.")
        raise ValidationError(message, params={"text": text}) from None


def rate_field(label: Any) -> Any:
    """Return a column for requests a minute."""
    return models.PositiveIntegerField(
        label, null=True, blank=True, validators=[MaxValueValidator(1_000_000)],
        help_text=_("0: any number."),
    )  # fmt: skip


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
        **limits: Any,
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
            **limits,
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
        for row in BEARING.find(prefix):
            if generator.verify(key, row.hash_of(prefix)):
                row.used_prefix, row.is_use_news = prefix, vars(row)["has_old_use"]
                return row
        return None

    def bearing(self, prefixes: Collection[str]) -> models.QuerySet["ApiKey"]:
        """Return the living keys of which one of these begins a secret that works."""
        is_earlier = Q(previous_prefix__in=prefixes, previous_until__gt=Now())
        return self.living().filter(Q(prefix__in=prefixes) | is_earlier)

    def find_working(self, prefixes: Collection[str], *, scope: Scope) -> set[str]:
        """Return those of these that begin a secret which works and may do this; both of a key that was rotated."""
        earlier = Case(When(previous_until__gt=Now(), then=F("previous_prefix")))
        rows = self.bearing(prefixes).filter(scopes__contains=[scope])
        found = {prefix for row in rows.values_list("prefix", earlier) for prefix in row}
        return found & set(prefixes)


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
    # Of the secret before: until then it works, too, so that apps change theirs one after the other.
    previous_prefix = models.CharField(
        max_length=PREFIX_LENGTH, unique=True, null=True, blank=True, editable=False
    )
    previous_hashed_key = models.CharField(
        max_length=150, blank=True, db_default="", editable=False
    )
    previous_until = models.DateTimeField(
        _("earlier secret works until"), null=True, editable=False
    )
    networks = ArrayField(
        models.CharField(max_length=50, validators=[validate_network]), size=MOST_NETWORKS,
        verbose_name=_("allowed addresses"), default=list, db_default=[], blank=True,
    )  # fmt: skip
    reads_per_minute = rate_field(_("reads a minute"))
    writes_per_minute = rate_field(_("writes a minute"))
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = ApiKeyManager()

    # Of a key that was found by a secret: how that begins, and whether its last use is long enough ago to be noted.
    used_prefix: str = ""
    is_use_news: bool = True

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at",)
        permissions = [("rotate_apikey", _("Can give an API key a new secret"))]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    def note_use(self) -> None:
        """Write when it was used, unless somebody did so within a minute."""
        if self.is_use_news:
            ApiKey.objects.filter(LONG_AGO, pk=self.pk).update(last_used_at=Now())

    def hash_of(self, prefix: str) -> str:
        """Return the hash of the secret that begins so."""
        return self.hashed_key if prefix == self.prefix else self.previous_hashed_key

    def revoke(self) -> Self:
        """End the key for good: the next request with it is refused."""
        ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=Now())
        self.refresh_from_db()
        return self


# Nearly every request asks for its key.
BEARING: Prepared[ApiKey] = Prepared(
    lambda prefix: (
        ApiKey.objects.bearing([prefix])
        .select_related("platform__plan")
        .annotate(has_old_use=ExpressionWrapper(LONG_AGO, output_field=BooleanField()))
    ),
    "a prefix",
)
