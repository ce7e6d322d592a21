"""Pages of default budgets: what each new user of a platform starts with."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from credits.ledger import LARGEST_AMOUNT
from credits.models import DefaultBudget
from genhub.admin.base import HubAdmin


class DefaultBudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Of which platform's users, over what time, how much."""

    class Meta:
        model = DefaultBudget
        fields = ("platform", "period", "most", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Those who may only look have no fields.
        if "most" in self.fields:
            self.fields["most"].validators.append(MaxValueValidator(LARGEST_AMOUNT))


@admin.register(DefaultBudget)
class DefaultBudgetAdmin(HubAdmin):
    """What a platform's new users may spend."""

    form = DefaultBudgetForm
    list_display = ("platform", "period", "most", "is_active")
    list_display_links = ("platform",)
    list_filter = ("platform", "period", "is_active")
    list_select_related = ("platform",)
    search_fields = ("platform__code", "platform__name")
    search_help_text = _("Search by platform.")
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "fields": ("platform", "period", "most", "is_active"),
                "description": _(
                    "Each user of the platform gets this budget with the purse, at the first order or grant. From then "
                    "on it is the user's own and is changed at Budgets; who has a purse already keeps what there is."
                ),
            },
        ),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: DefaultBudget | None = None
    ) -> tuple[str, ...]:
        """Fix what it is about."""
        return ("platform", "period") if obj else ()
