"""Platforms (the apps that call the hub) and their API keys."""

import datetime
import zoneinfo
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    validate_slug,
)
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id
from genhub.lib.limits import LARGEST_NUMBER
from genhub.platforms.keys import KEY_SHAPE, PREFIX_LENGTH, generator


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


def validate_time_zone(name: str) -> None:
    """Refuse a name that the IANA time zone database does not hold."""
    # `localtime` is a machine's own file, no zone, and unknown to the database.
    if name == "localtime" or name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not an IANA time zone."), params={"name": name})


STAYS = _("Prompts and pictures never leave the house: only models of your own servers take its orders.")  # fmt: skip


class Plan(models.Model):
    """The terms that platforms share: a discount, the mode of orders that name none, and the highest priority."""

    class Mode(models.TextChoices):
        """How an order is made when it does not say."""

        FAST = "fast", _("fast")
        FINE = "fine", _("fine")

    class Priority(models.TextChoices):
        """The highest priority that orders may ask for."""

        LOW = "low", _("low")
        NORMAL = "normal", _("normal")
        HIGH = "high", _("high")

    code = models.CharField(
        _("code"), max_length=50, unique=True, validators=[validate_slug, MinLengthValidator(2)]
    )
    name = models.CharField(_("name"), max_length=100)
    discount_percent = models.DecimalField(
        _("discount"), max_digits=5, decimal_places=2, default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
        help_text=_("Percent of every price; the price of one is then rounded up."),
    )  # fmt: skip
    mode = models.CharField(
        _("mode"), max_length=10, choices=Mode.choices, blank=True,
        help_text=_("For orders that name none. Empty: the model's own way."),
    )  # fmt: skip
    highest_priority = models.CharField(
        _("highest priority"), max_length=10, choices=Priority.choices, default=Priority.HIGH
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(discount_percent__gte=0, discount_percent__lte=100),
                name="plan_discount_within_price",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Platform(models.Model):
    """An app that holds keys and speaks for its own end users."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(
        _("code"), max_length=50, unique=True, validators=[validate_slug, MinLengthValidator(2)]
    )
    name = models.CharField(_("name"), max_length=100)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")  # fmt: skip
    default_model = models.CharField(
        _("default model"), max_length=100, blank=True, help_text=_("Empty: the hub's default.")
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, null=True, blank=True, related_name="platforms", verbose_name=_("plan"),
        help_text=_("Empty: full prices, every priority."),
    )  # fmt: skip
    local_only = models.BooleanField(_("stays in the house"), default=False, db_default=False, help_text=STAYS)  # fmt: skip
    most_under_way = models.PositiveIntegerField(
        _("most pictures under way"), null=True, blank=True, validators=[MinValueValidator(LARGEST_NUMBER)],
        help_text=_("Waiting or being made; further orders are refused. Empty: the hub's usual limit."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    usd_per_credit = models.DecimalField(
        _("US dollars a credit"), max_digits=12, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("What it pays you for one, to tell your margin. Empty: not known."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("platform")
        verbose_name_plural = _("platforms")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class ApiKeyManager(models.Manager["ApiKey"]):
    """Makes keys and finds them again."""

    def issue(
        self,
        platform: Platform,
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
        Platform, models.PROTECT, related_name="keys", verbose_name=_("platform")
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


class IdempotencyKey(models.Model):
    """A caller's key for one create: the same request again finds what it made, another request is refused."""

    class Scope(models.TextChoices):
        """What was asked for: the key of one kind of create means nothing to another."""

        ORDER = "order"
        UPLOAD = "upload"
        ENDPOINT = "endpoint"

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="+")
    user = models.CharField(max_length=200)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # The id of the task, artifact or endpoint: this app knows none of them.
    made_id = models.UUIDField(db_index=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "user", "scope", "key"], name="one_key_one_create"
            )
        ]
        indexes = [models.Index(fields=["scope", "created_at"], name="idempotency_key_by_age")]

    def __str__(self) -> str:
        return self.key
