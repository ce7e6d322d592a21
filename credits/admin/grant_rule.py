"""Pages of grant rules: what apps may grant by the API."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from credits.ledger import LARGEST_AMOUNT
from credits.models import GrantRule
from genhub.admin.base import HubAdmin

# A hundred years: what lives longer should not expire at all.
LONGEST_DAYS = 36_500
MOSTS = {
    "daily_most_per_user": LARGEST_AMOUNT,
    "daily_most": LARGEST_AMOUNT,
    "lifetime_days": LONGEST_DAYS,
}


class GrantRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Caps that fit into each other."""

    class Meta:
        model = GrantRule
        fields = (
            "platform", "kind", "daily_most_per_user", "daily_most", "lifetime_days", "is_active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Those who may only look have no fields.
        for name in MOSTS.keys() & self.fields.keys():
            self.fields[name].validators.append(MaxValueValidator(MOSTS[name]))

    def clean(self) -> dict[str, Any]:
        """Refuse a user's cap above the platform's: it could never be reached."""
        words: dict[str, Any] = super().clean() or {}
        per_user, most = words.get("daily_most_per_user"), words.get("daily_most")
        if per_user and most and per_user > most > 0:
            message = _("This is more than all users of the platform together may get.")
            self.add_error("daily_most_per_user", message)
        return words


@admin.register(GrantRule)
class GrantRuleAdmin(HubAdmin):
    """What a platform's app may grant."""

    form = GrantRuleForm
    list_display = (
        "kind",
        "platform",
        "daily_most_per_user",
        "daily_most",
        "lifetime",
        "is_active",
    )
    list_filter = ("platform", "is_active")
    list_select_related = ("platform",)
    search_fields = ("kind", "platform__code", "platform__name")
    search_help_text = _("Search by kind or platform.")
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "fields": ("platform", "kind", "is_active"),
                "description": _(
                    "The app grants with an API key that has the scope credits:grant, and names this kind."
                ),
            },
        ),
        (
            _("Daily caps"),
            {
                "fields": ("daily_most_per_user", "daily_most"),
                "description": _("Days are those of the platform's time zone."),
            },
        ),
        (_("How long the credits live"), {"fields": ("lifetime_days",)}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: GrantRule | None = None
    ) -> tuple[str, ...]:
        """Fix what apps refer to once it is known to them."""
        return ("platform", "kind") if obj else ()

    @display(description=_("days until they expire"), ordering="lifetime_days")
    def lifetime(self, rule: GrantRule) -> str:
        """Show how long the granted credits live."""
        return gettext("never expire") if rule.lifetime_days is None else str(rule.lifetime_days)
