"""Platforms (the apps that call the hub), their plans, and the keys of their creates."""

from decimal import Decimal

from django.conf import settings
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
from genhub.lib.zones import validate_time_zone
from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.key_models import (
    STAYS,
    ApiKey,
    ApiKeyManager,
    Scope,
    rate_field,
    usual_scopes,
)
from genhub.platforms.policies import Corner, Moderation, Unjudged, validate_codes

__all__ = [
    "ApiKey",
    "ApiKeyManager",
    "BrowserToken",
    "IdempotencyKey",
    "Moderation",
    "Plan",
    "Platform",
    "Scope",
    "Unjudged",
    "usual_scopes",
    "validate_codes",
    "validate_time_zone",
]


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
    reads_per_minute = rate_field(_("reads a minute"))
    writes_per_minute = rate_field(_("writes a minute"))
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
    styles = models.JSONField(
        _("styles of its brand"), default=list, db_default=[], blank=True, validators=[validate_codes],
        help_text=_("Its orders wear one of these: one that names another is refused. None: any style, or none."),
    )  # fmt: skip
    usual_style = models.CharField(
        _("usual style"), max_length=50, blank=True, default="", db_default="",
        help_text=_("One of its brand's: orders that name none wear it. Empty: such orders are refused."),
    )  # fmt: skip
    plan = models.ForeignKey(
        Plan, models.PROTECT, null=True, blank=True, related_name="platforms", verbose_name=_("plan"),
        help_text=_("Empty: full prices, every priority."),
    )  # fmt: skip
    local_only = models.BooleanField(_("stays in the house"), default=False, db_default=False, help_text=STAYS)  # fmt: skip
    shares_results = models.BooleanField(
        _("shares results"), default=False, db_default=False,
        help_text=_("Users get each other's pictures where their orders are the same. Off: each only their own."),
    )  # fmt: skip
    most_under_way = models.PositiveIntegerField(
        _("most pictures under way"), null=True, blank=True, validators=[MinValueValidator(LARGEST_NUMBER)],
        help_text=_("Waiting or being made; further orders are refused. Empty: the hub's usual limit."),
    )  # fmt: skip
    storage_quota_mib = models.PositiveIntegerField(
        _("storage quota (MiB)"), null=True, blank=True,
        help_text=_("Of its pictures and clips, without thumbnails; when it is used up, orders and uploads are refused. Empty: none."),
    )  # fmt: skip
    moderation = models.CharField(
        _("moderation"), max_length=10, choices=Moderation.choices, default=Moderation.BLOCK, db_default=Moderation.BLOCK,
        help_text=_("By the list of terms, and by the moderation services that there are."),
    )  # fmt: skip
    unjudged = models.CharField(
        _("when no service answers"), max_length=10, choices=Unjudged.choices, default=Unjudged.BLOCK,
        db_default=Unjudged.BLOCK,
        help_text=_("Refused orders cost nothing; the term list is always there."),
    )  # fmt: skip
    asks_approval = models.BooleanField(
        _("publishes approved pictures only"), default=False, db_default=False,
        help_text=_("Staff look at each new picture; until they approve it, it is neither shared by a link nor put into a text."),
    )  # fmt: skip
    low_credits = models.PositiveBigIntegerField(
        _("low credits"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Webhooks tell when a user's available credits fall below (credits.low). Empty: never."),
    )  # fmt: skip
    label_producer = models.CharField(
        _("producer in labels"), max_length=100, blank=True, default="", db_default="",
        help_text=_("Who made its pictures, as their AI labels say: a company's name or filing code. Empty: the hub's."),
    )  # fmt: skip
    visible_label = models.CharField(
        _("visible label"), max_length=20, choices=Corner.choices, blank=True, default="", db_default="",
        help_text=_("Words in a corner of each picture that say that it was generated, in the platform's language."),
    )  # fmt: skip
    embeds_parameters = models.BooleanField(
        _("parameters in files"), default=False, db_default=False,
        help_text=_("Prompt, seed and so on are written into each picture, unless its order says otherwise."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    # Of the hub's own staff, whose orders nobody pays; there is one at most.
    is_house = models.BooleanField(default=False, db_default=False, editable=False)
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
        constraints = [
            models.UniqueConstraint("is_house", condition=models.Q(is_house=True), name="one_house")
        ]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """A caller's key for one create: the same request again finds what it made, another request is refused."""

    class Scope(models.TextChoices):
        """What was asked for: the key of one kind of create means nothing to another."""

        ORDER = "order"
        UPLOAD = "upload"
        ENDPOINT = "endpoint"
        TOKEN = "token"  # noqa: S105 (a word)
        GRANT = "grant"

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="+")
    user = models.CharField(max_length=200)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    # The id of the task, artifact, endpoint, token or transfer: this app knows none of them.
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
