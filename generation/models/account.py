"""Providers: configured accounts at vendors, or the local engine; and the keys of those at vendors."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.sealing import seal, unseal

# Where orders wait: for the engine's worker, which makes one thing at a time, or for the workers of vendors.
LOCAL = "local"
QUEUES = (LOCAL, "remote")
LONGEST_ANSWER_SECONDS = 1800
# What orders that are sent change of an account or a key all the time, and no order asks for.
UNSTEADY = (
    "next_slot_at",
    "next_poll_at",
    "last_used_at",
    "failures",
    "last_error",
    "last_error_at",
)
# Shown of a key, so that staff tell one from another.
HINT_LENGTH = 4


NO_ADDRESS = _("Write a whole address, such as https://api.example.com/v1.")
# A name also without dots, as servers beside each other have; an IPv6 address comes without its brackets.
HOST = re.compile(r"[\w.:-]{1,253}", re.ASCII)


def validate_base_url(url: str) -> None:
    """Refuse what is no address of an API, and one that would hold a secret in the open."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        raise ValidationError(NO_ADDRESS) from None
    if parts.scheme not in {"http", "https"} or not port_is_one:
        raise ValidationError(NO_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise ValidationError(
            _("An address holds no user name and no password: a key has a field of its own.")
        )
    if "?" in url or "#" in url:
        raise ValidationError(_("Leave out “?” and “#” and what follows: paths are put behind it."))
    if not HOST.fullmatch(parts.hostname or "") or not re.fullmatch(r"[\x21-\x7e]+", url):
        raise ValidationError(NO_ADDRESS)


class Rest(models.TextChoices):
    """Why an account takes no orders for a while, or a key is not used."""

    FAILING = "failing", _("it fails again and again")
    NO_KEY = "no_key", _("none of its keys can be used")
    THROTTLED = "throttled", _("too many requests")
    NO_QUOTA = "no_quota", _("nothing left to pay with")
    REFUSED = "refused", _("the vendor refuses the key")
    SPENT = "spent", _("its spend limit is reached")
    # The one that ends by nobody else's word.
    PAUSED = "paused", _("paused by staff")


# What only staff can mend: it does not pass with time, or not before tomorrow.
NOT_BY_ITSELF = (Rest.NO_KEY, Rest.NO_QUOTA, Rest.REFUSED, Rest.SPENT)


class Standing(models.Model):
    """How an account or a key stands, kept by the workers: failures in a row, until when it is out of use, and why."""

    failures = models.PositiveIntegerField(_("failures in a row"), db_default=0, editable=False)
    resting_until = models.DateTimeField(_("rests until"), null=True, editable=False)
    resting_why = models.CharField(
        _("why it rests"), max_length=20, choices=Rest.choices, blank=True, db_default="", editable=False,
    )  # fmt: skip
    last_error = models.TextField(_("last error"), blank=True, db_default="", editable=False)

    class Meta:
        abstract = True

    def is_resting(self, now: datetime) -> bool:
        """Return whether it is out of use now."""
        return self.resting_until is not None and self.resting_until > now


class Account(Standing):
    """A provider: which adapter speaks to it, where, how much it may be given, and whether it rests for a while."""

    alias = models.CharField(_("alias"), max_length=50, unique=True, validators=[validate_slug])
    adapter = models.CharField(_("adapter"), max_length=50)
    queue = models.CharField(_("queue"), max_length=20)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    base_url = models.CharField(
        _("base address"), max_length=500, blank=True, db_default="",
        validators=[validate_base_url],
        help_text=_("Where the vendor's API begins. Empty: the vendor's usual address."),
    )  # fmt: skip
    options = models.JSONField(
        _("options"), default=dict, blank=True, db_default=models.Value({}, models.JSONField()),
        help_text=_("The adapter's own words, as JSON; the handbook lists them."),
    )  # fmt: skip
    is_in_house = models.BooleanField(
        _("in the house"), default=False, db_default=False,
        help_text=_("A server of your own: orders that must stay in the house may go there."),
    )  # fmt: skip
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        default=100,
        help_text=_(
            "Of several providers of a model, each gets its part of the orders. 0: only while no other takes any."
        ),
    )
    standby_rank = models.PositiveSmallIntegerField(
        _("standby"), default=0, db_default=0,
        help_text=_("0: in daily use. 1, 2 …: only while all of a smaller number rest, in this order."),
    )  # fmt: skip
    concurrency = models.PositiveIntegerField(
        _("at a time"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Orders at work there at a time, over all workers. Empty: no limit."),
    )  # fmt: skip
    requests_per_minute = models.PositiveIntegerField(
        _("orders a minute"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Sent there in a minute, over all workers. Empty: no limit."),
    )  # fmt: skip
    polls_per_minute = models.PositiveIntegerField(
        _("questions a minute"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("How often it is asked for orders that it works on, over all workers. Empty: no limit."),
    )  # fmt: skip
    connect_seconds = models.FloatField(
        _("seconds to connect"), default=5, db_default=5.0,
        validators=[MinValueValidator(0.1), MaxValueValidator(60)],
    )  # fmt: skip
    answer_seconds = models.FloatField(
        _("seconds to answer"), default=300, db_default=300.0,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_ANSWER_SECONDS)],
        help_text=_("For a whole answer; a picture of high quality may take minutes."),
    )  # fmt: skip
    daily_limit_usd = models.DecimalField(
        _("spend limit a day"), max_digits=12, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("US dollars, in UTC days; then it takes no orders until the next. Empty: no limit."),
    )  # fmt: skip

    last_error_at = models.DateTimeField(_("last error at"), null=True, editable=False)
    # The next moment at which its rate lets an order go (GCRA: one column holds the whole bucket).
    next_slot_at = models.DateTimeField(null=True, editable=False)
    # The same of what it is asked.
    next_poll_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "generation_provider"
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ("alias",)

    def __str__(self) -> str:
        return self.alias


class Sealed(models.Model):
    """A key, sealed: it can be written and used, and is never shown."""

    sealed = models.TextField(editable=False)
    hint = models.CharField(_("ends in"), max_length=HINT_LENGTH, editable=False)

    class Meta:
        abstract = True

    def take(self, secret: str) -> None:
        """Take the key itself; raise NotSealable when the hub has no key of its own to seal it by."""
        self.sealed, self.hint = seal(secret), secret[-HINT_LENGTH:] if len(secret) > 12 else ""  # noqa: PLR2004

    def secret(self) -> str:
        """Return the key itself, for the vendor alone; raise NotSealable when none of the hub's own opens it."""
        return unseal(self.sealed)


class AccountKey(Standing, Sealed):
    """A key of an account, and whether it can be used now."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="keys", verbose_name=_("provider")
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("key of a provider")
        verbose_name_plural = _("keys of providers")
        ordering = ("account", "id")
        indexes = [
            models.Index(
                fields=["account", "last_used_at"], condition=Q(is_enabled=True), name="key_to_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or self.account.alias} …{self.hint}"

    def keep(self, secret: str) -> None:
        """Take another key, which does not rest; raise as `take` does."""
        self.take(secret)
        self.resting_until, self.resting_why, self.failures = None, "", 0

    def is_usable(self, now: datetime) -> bool:
        """Return whether it may be used now: `usable`, of a row that was read."""
        return self.is_enabled and not self.is_resting(now)


def usable(now: Any, prefix: str = "") -> Q:
    """Return what must hold of a key, or an account, that may be used now; `prefix` leads to it from another row."""
    rests_not = Q(**{f"{prefix}resting_until": None}) | Q(**{f"{prefix}resting_until__lte": now})
    return Q(**{f"{prefix}is_enabled": True}) & rests_not
