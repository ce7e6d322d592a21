"""Models as data: what each provider offers under which name, and what it does when an order does not say."""

import json
from dataclasses import fields
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from generation.models.columns import guidance, pixels, steps
from generation.models.weights import LocalWeights
from generation.prices import LARGEST_USD, read_prices
from generation.spec import OPTIONS, ModelCard, ModeSettings
from genhub.lib.limits import (
    LARGEST_GUIDANCE,
    LARGEST_SIDE_PIXELS,
    LONGEST_TEXT,
    MOST_REFERENCES,
    MOST_SECONDS,
    MOST_STEPS,
    SIDE_MULTIPLE_PIXELS,
)

USUAL = ModelCard("")
MODES = ("fast", "fine")
# What a card and its row call by one name.
PLAIN = {f.name for f in fields(ModelCard)} - {"alias", "local", *MODES}
WORDS_OF_MODE = tuple(f.name for f in fields(ModeSettings))
USD_PLACES = 6
AS_USUAL = _("Empty: as usual.")
PIXELS_AS_USUAL = _("Pixels, a multiple of 16. Empty: as usual.")
SIDES = (F("smallest_side"), F("largest_side"))


def check(name: str, condition: Q) -> models.CheckConstraint:
    """Return what the database refuses unless it holds."""
    return models.CheckConstraint(condition=condition, name=f"model_{name}")


def checks_of_mode(mode: str) -> list[models.CheckConstraint]:
    """Return what must hold of a mode's columns: empty or within the model's limits; a size is whole or not there."""
    steps, scale, width, height = (f"{mode}_{name}" for name in WORDS_OF_MODE)
    of_steps = Q(**{f"{steps}__range": (1, F("largest_steps"))})
    of_scale = Q(**{f"{scale}__range": (0, F("largest_cfg_scale"))})
    # NULL BETWEEN … is NULL, which a CHECK takes for true: both sides are asked for.
    is_whole = Q(**{f"{width}__isnull": False, f"{height}__isnull": False})
    of_size = is_whole & Q(**{f"{width}__range": SIDES, f"{height}__range": SIDES})
    return [
        check(steps, Q(**{steps: None}) | of_steps),
        check(scale, Q(**{scale: None}) | of_scale),
        check(f"{mode}_size", Q(**{width: None, height: None}) | of_size),
    ]


def picture_only() -> list[str]:
    """Return the types of a model that nobody says more of."""
    return list(USUAL.media_types)


def usual_rates() -> list[int]:
    """Return the frames a second of a model that nobody says more of."""
    return list(USUAL.frame_rates)


def validate_prices(value: Any) -> None:
    """Refuse a price table that says no prices."""
    try:
        read_prices(value)
    except ValueError as error:
        raise ValidationError(
            _("No table of prices: %(mistake)s."), params={"mistake": error}
        ) from error


class Offer(models.Model):
    """A model that a provider offers: a ModelCard in columns, whether it is offered, and what the seed last wrote."""

    account = models.ForeignKey(
        "generation.Account", models.PROTECT, related_name="offers", verbose_name=_("provider"),
        db_column="provider_id",
    )  # fmt: skip
    alias = models.CharField(
        _("alias"),
        max_length=100,
        validators=[RegexValidator(r"^[A-Za-z0-9._-]+\Z", _("Letters, digits, “.”, “_” and “-”."))],
        help_text=_("Orders name it so; it never changes. Letters, digits, “.”, “_” and “-”."),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    # When it was switched off by itself, since it ended one worker after the other; null once staff switch it on.
    broken_at = models.DateTimeField(_("broken since"), null=True, editable=False)
    media_types = models.JSONField(_("makes"), default=picture_only)
    vendor_model = models.CharField(
        _("name at the vendor"), max_length=200, blank=True, default="", db_default="",
        help_text=_("What the vendor calls it. Empty: as its alias."),
    )  # fmt: skip
    options = models.JSONField(
        _("options"), default=dict, blank=True, db_default=Value({}, models.JSONField()),
        help_text=_("The adapter's own words for this model, as JSON; the handbook lists them."),
    )  # fmt: skip
    unsupported = models.JSONField(
        _("does not take"), default=list, blank=True, db_default=Value([], models.JSONField())
    )

    most_references = models.PositiveSmallIntegerField(
        _("reference pictures"), default=0, db_default=0, validators=[MaxValueValidator(MOST_REFERENCES)],
        help_text=_("How many it takes besides the picture that an order starts from. 0: none."),
    )  # fmt: skip

    default_width = pixels(_("usual width"), default=USUAL.default_width)
    default_height = pixels(_("usual height"), default=USUAL.default_height)
    smallest_side = pixels(_("smallest side"), default=USUAL.smallest_side)
    largest_side = pixels(_("largest side"), default=USUAL.largest_side)
    sizes = models.JSONField(_("only these sizes"), default=list, blank=True)
    default_steps = steps(_("usual steps"), default=USUAL.default_steps)
    largest_steps = steps(_("most steps"), default=USUAL.largest_steps)
    default_cfg_scale = guidance(
        _("usual guidance"),
        default=USUAL.default_cfg_scale,
        help_text=_("0: the negative prompt counts for nothing, and a step takes half the time."),
    )
    largest_cfg_scale = guidance(_("most guidance"), default=USUAL.largest_cfg_scale)

    fast_steps = steps(
        _("fast: steps"), null=True, blank=True, help_text=_("Empty: half the usual ones.")
    )
    fast_cfg_scale = guidance(_("fast: guidance"), null=True, blank=True, help_text=AS_USUAL)
    fast_width = pixels(_("fast: width"), null=True, blank=True, help_text=PIXELS_AS_USUAL)
    fast_height = pixels(_("fast: height"), null=True, blank=True, help_text=PIXELS_AS_USUAL)
    fine_steps = steps(
        _("fine: steps"),
        null=True,
        blank=True,
        help_text=_(
            "High quality takes them, too. Empty: twice the usual ones, as far as allowed."
        ),
    )
    fine_cfg_scale = guidance(_("fine: guidance"), null=True, blank=True, help_text=AS_USUAL)
    fine_width = pixels(_("fine: width"), null=True, blank=True, help_text=PIXELS_AS_USUAL)
    fine_height = pixels(_("fine: height"), null=True, blank=True, help_text=PIXELS_AS_USUAL)

    default_negative_prompt = models.TextField(
        _("usual negative prompt"),
        blank=True,
        max_length=LONGEST_TEXT,
        help_text=_("What to avoid when neither the order nor its template says it."),
    )
    longest_prompt = models.PositiveIntegerField(
        _("longest prompt"),
        default=USUAL.longest_prompt,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TEXT)],
        help_text=_("Characters; a longer one is refused, never cut."),
    )
    durations = models.JSONField(
        _("lengths of clips"), default=list, blank=True, db_default=Value([], models.JSONField())
    )
    default_seconds = models.PositiveSmallIntegerField(
        _("usual length of clips"), default=USUAL.default_seconds, db_default=USUAL.default_seconds,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SECONDS)], help_text=_("Seconds."),
    )  # fmt: skip
    frame_rates = models.JSONField(
        _("frames a second"), default=usual_rates, blank=True,
        db_default=Value(list(USUAL.frame_rates), models.JSONField()),
    )  # fmt: skip
    usd_per_picture = models.DecimalField(
        _("cost per picture"),
        max_digits=12,
        decimal_places=USD_PLACES,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(LARGEST_USD)],
        help_text=_("US dollars, for a picture or a clip. Empty: not known, which is not 0."),
    )
    prices = models.JSONField(
        _("prices by size, quality or tokens"), default=list, blank=True,
        db_default=Value([], models.JSONField()), validators=[validate_prices],
        help_text=_("They come before the cost per picture; the handbook says how they are written."),
    )  # fmt: skip
    # What the seed wrote last: what still equals it, nobody has changed since.
    seeded = models.JSONField(default=dict, editable=False)

    class Meta:
        db_table = "generation_providermodel"
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ("account", "alias")
        constraints = [
            models.UniqueConstraint(fields=["account", "alias"], name="model_of_provider"),
            check(
                "steps",
                Q(default_steps__range=(1, F("largest_steps")), largest_steps__lte=MOST_STEPS),
            ),
            check("guidance", Q(default_cfg_scale__range=(0, F("largest_cfg_scale")))),
            check("most_guidance", Q(largest_cfg_scale__lte=LARGEST_GUIDANCE)),
            check("side_limits", Q(smallest_side__gte=16, largest_side__lte=LARGEST_SIDE_PIXELS)),
            check("sides", Q(default_width__range=SIDES, default_height__range=SIDES)),
            check("width_in_blocks", Q(Exact(F("default_width") % SIDE_MULTIPLE_PIXELS, 0))),
            check("height_in_blocks", Q(Exact(F("default_height") % SIDE_MULTIPLE_PIXELS, 0))),
            *(constraint for mode in MODES for constraint in checks_of_mode(mode)),
            check("prompt", Q(longest_prompt__range=(1, LONGEST_TEXT))),
            check("cost", Q(usd_per_picture=None) | Q(usd_per_picture__range=(0, LARGEST_USD))),
            check("references", Q(most_references__lte=MOST_REFERENCES)),
            check("options", Q(unsupported__contained_by=list(OPTIONS))),
        ]

    def __str__(self) -> str:
        return self.alias

    def card(self) -> ModelCard:
        """Return what the model is able to, and where its weights lie if they are ours."""
        values = {name: getattr(self, name) for name in PLAIN}
        # Without a row the reverse side of a one-to-one raises an AttributeError.
        local: LocalWeights | None = getattr(self, "local", None)
        values["local"] = local and local.place()
        for mode in MODES:
            values[mode] = {name: getattr(self, f"{mode}_{name}") for name in WORDS_OF_MODE}
        usd = self.usd_per_picture
        values["usd_per_picture"] = None if usd is None else float(usd)
        return ModelCard.from_json(self.alias, values)


def columns_of(card: ModelCard) -> dict[str, Any]:
    """Return a card as JSON values, by column of its offer."""
    values: dict[str, Any] = json.loads(json.dumps(card.to_json()))
    del values["local"]
    for mode in MODES:
        words = values.pop(mode)
        values |= {f"{mode}_{name}": value for name, value in words.items()}
    if card.usd_per_picture is not None:
        values["usd_per_picture"] = round(card.usd_per_picture, USD_PLACES)
    return values
