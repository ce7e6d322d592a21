"""Pages of the price list. A rule is never deleted: it is switched off; tasks keep the price they were ordered at."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from credits import tariffs
from credits.admin.price_form import CHOICES, PriceRuleForm
from credits.models import PriceRule
from credits.previews import Line, Preview
from credits.pricing import EQUALS, FACTOR, QUANTITIES, Quote
from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken
from genhub.admin.show import badge, table

# A word of a rule as a condition: the labels that the form shows.
LABELS = {value: label for choices in CHOICES.values() for value, label in choices if value}
CONDITIONS = {
    "platform": _("platform"),
    "media_type": _("type"),
    "model": _("model"),
    "quality": _("quality"),
    "resolution": _("resolution"),
    "mode": _("mode"),
    "megapixels": _("megapixels"),
    "seconds": _("seconds"),
    "steps": _("steps"),
    "number": _("pictures or clips"),
}


@admin.register(PriceRule)
class PriceRuleAdmin(TellsBroken, HubAdmin):
    """What pictures and clips cost."""

    form = PriceRuleForm
    list_display = ("name", "does", "applies_to", "rank", "state", "valid_from", "valid_until")
    list_filter = ("effect", "platform", "is_active")
    list_select_related = ("platform",)
    autocomplete_fields = ("platform",)
    search_fields = ("name", "model")
    readonly_fields = ("created_at",)
    change_form_before_template = "admin/credits/price_preview.html"
    add_fieldsets = (
        (None, {"fields": ("name", "effect", ("amount", "per"), "factor", "rank", "is_active")}),
        (
            _("Which orders: empty fields match all"),
            {"fields": ("platform", ("media_type", "model"), ("quality", "mode"), "resolution")},
        ),
        (
            _("How large: from and up to are both included"),
            {
                "fields": tuple((f"least_{name}", f"most_{name}") for name in QUANTITIES),
                "description": _(
                    "A megapixel is 1,000,000 pixels, rounded up to four places: “up to 1” and “from 1.0001” leave no gap."
                ),
            },
        ),
        (_("When"), {"fields": ("valid_from", "valid_until")}),
    )
    fieldsets = (*add_fieldsets, (_("History"), {"fields": ("created_at",)}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRule]:
        """Return the rules, each with whether its time is over or still to come, by the database's clock."""
        rules: QuerySet[PriceRule] = super().get_queryset(request)
        return rules.annotate(
            is_over=ExpressionWrapper(Q(valid_until__lte=Now()), BooleanField()),
            is_to_come=ExpressionWrapper(Q(valid_from__gt=Now()), BooleanField()),
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Let one writer of the price list at a time check a rule beside the others and save it."""
        with transaction.atomic():
            if request.method == "POST":
                tariffs.lock_rules()
            return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Show the effect of what was typed; until it was seen, the button asks for it."""
        context["show_save_and_continue"] = False
        found: Preview | None = getattr(context["adminform"].form, "preview", None)
        if found:
            context["preview"] = found
            context["effect"] = effect_table(found.lines)
            context["changes"] = sum(line.is_changed for line in found.lines)
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=_("effect"), ordering="effect")
    def does(self, rule: PriceRule) -> str:
        """Show the price or the factor."""
        if rule.effect == FACTOR:
            return f"× {shorten(rule.factor or 0)}"
        words = {"amount": rule.amount, "per": rule.get_per_display()}
        if rule.effect == "cached":
            return gettext("%(amount)s per %(per)s from the cache") % words
        return gettext("%(amount)s per %(per)s") % words

    @display(description=_("applies to"))
    def applies_to(self, rule: PriceRule) -> str:
        """Show the conditions in words."""
        return word_conditions(rule)

    @display(description=_("state"))
    def state(self, rule: Any) -> SafeString:
        """Show whether it counts now."""
        if not rule.is_active:
            return badge(_("off"))
        if rule.is_over:
            return badge(_("over"), "warning")
        return badge(_("to come"), "info") if rule.is_to_come else badge(_("in force"), "success")


def word_conditions(rule: PriceRule) -> str:
    """Return the conditions of a rule in words."""
    words = {name: getattr(rule, name) or "" for name in EQUALS}
    found = {name: LABELS.get(word, word) for name, word in words.items()}
    for name in QUANTITIES:
        found[name] = word_bounds(getattr(rule, f"least_{name}"), getattr(rule, f"most_{name}"))
    parts = [f"{CONDITIONS[name]} {value}" for name, value in found.items() if value]
    return ", ".join(parts) or gettext("every order")


def word_bounds(least: Decimal | int | None, most: Decimal | int | None) -> str:
    """Return bounds as signs; nothing for none."""
    if least is None:
        return "" if most is None else f"≤ {shorten(most)}"
    return f"≥ {shorten(least)}" if most is None else f"{shorten(least)}–{shorten(most)}"


def effect_table(lines: tuple[Line, ...]) -> SafeString:
    """Return sample orders with their prices without and with the rule; what changes is marked."""
    headers = [_("order"), _("now"), _("with this rule"), "", _("price decided by")]
    rows = [
        [line.label, word_price(line.before), word_price(line.after), word_change(line), word_decision(line.after)]
        for line in lines
    ]  # fmt: skip
    return table(headers, rows)


def word_price(quote: Quote | None) -> str:
    """Return a price, or that there is none."""
    return gettext("no price") if quote is None else str(quote.price)


def word_change(line: Line) -> SafeString | str:
    """Return how a price changes, as a coloured word."""
    if not line.is_changed:
        return ""
    if line.after is None:
        return badge(_("will be refused"), "danger")
    if line.before is None:
        return badge(_("gets a price"), "success")
    difference = line.after.price - line.before.price
    return badge(f"{difference:+d}".replace("-", "−"), "warning" if difference > 0 else "info")


def word_decision(quote: Quote | None) -> str:
    """Return what set a price: the rule and each factor."""
    if quote is None:
        return "–"
    factors = (f"{name} ({shorten(factor)})" for name, factor in quote.factors)
    return " × ".join([f"{quote.decided_by} ({quote.amount})", *factors])


def shorten(number: Decimal | int) -> str:
    """Return a number without the zeros at its end."""
    return f"{Decimal(number).normalize():f}"
