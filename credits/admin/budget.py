"""Pages of budgets, and how a purse's budgets stand on its own page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from credits.admin.words import usage_bar
from credits.budget_standings import Standing, find_standings
from credits.ledger import LARGEST_AMOUNT
from credits.models import Budget, Purse
from genhub.admin.base import HubAdmin
from genhub.admin.show import badge, code, link, moment, table

MOST_ON_A_PURSE = 20


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose budget, over what time, how much."""

    class Meta:
        model = Budget
        fields = ("api_key", "purse", "period", "most", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Those who may only look have no fields.
        if "most" in self.fields:
            self.fields["most"].validators.append(MaxValueValidator(LARGEST_AMOUNT))

    def clean(self) -> dict[str, Any]:
        """Refuse a budget of both, or of nobody, in words."""
        words: dict[str, Any] = super().clean() or {}
        if "api_key" not in self.fields:
            return words
        named = [name for name in ("api_key", "purse") if words.get(name)]
        if len(named) == 2:  # noqa: PLR2004
            self.add_error("purse", _("Choose the API key or the purse, not both."))
        elif not named and not {"api_key", "purse"} & self.errors.keys():
            self.add_error("api_key", _("Choose an API key or a purse."))
        return words


class BudgetList(ChangeList):
    """A page of budgets with where each stands, read in one query for all of them."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then the counts of its budgets."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        standings = find_standings([budget.pk for budget in self.result_list])
        for budget in self.result_list:
            budget.standing = standings[budget.pk]


@admin.register(Budget)
class BudgetAdmin(HubAdmin):
    """The most that a key or a purse may spend."""

    form = BudgetForm
    list_display = ("whose", "period", "used", "resets", "is_active")
    list_display_links = ("whose",)
    list_filter = ("period", "is_active")
    list_select_related = ("purse__platform", "api_key__platform")
    search_fields = ("purse__user", "api_key__name", "api_key__prefix", "api_key__user")
    search_ids = ("purse",)
    search_help_text = _("Search by user, or by the name or beginning of an API key.")
    autocomplete_fields = ("api_key", "purse")
    ordering = ("-id",)
    list_before_template = "admin/credits/budgets_note.html"
    fieldsets = (
        (
            _("Whose spending it limits: an API key or a purse, one of them"),
            {"fields": ("api_key", "purse")},
        ),
        (
            _("How much"),
            {
                "fields": ("period", "most", "is_active"),
                "description": _(
                    "Counting begins when the budget is made: earlier holds do not count. Hours, days and months are "
                    "those of the platform's time zone. What a task holds counts at once; what is released counts "
                    "back, in the window in which it was held; refunds do not count back. “Tasks at the same time” "
                    "counts tasks under way, not credits."
                ),
            },
        ),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BudgetList]:
        """Return the list that knows the counts."""
        return BudgetList

    def get_fieldsets(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        """Show where a budget stands once there is one."""
        if obj is None:
            return self.fieldsets
        how_much = self.fieldsets[1]
        words = {**how_much[1], "fields": ("period", "most", "used", "resets", "is_active")}
        return ((None, {"fields": ("whose",)}), (how_much[0], words))

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        """Fix whose it is and its period: what was counted was counted for them."""
        return ("whose", "period", "used", "resets") if obj else ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a budget with where it stands."""
        budget = super().get_object(request, object_id, from_field)
        if budget is not None:
            budget.standing = find_standings([budget.pk])[budget.pk]
        return budget

    @display(description=_("whose"))
    def whose(self, budget: Budget) -> SafeString | str:
        """Show the key or the purse that it binds."""
        return name_subject(budget)

    @display(description=_("used"))
    def used(self, budget: Any) -> SafeString:
        """Show how much of it is used."""
        return usage_bar(budget.standing.used, budget.most)

    @display(description=_("begins anew"))
    def resets(self, budget: Any) -> str:
        """Show when its present window ends."""
        return word_reset(budget.standing)


def name_subject(budget: Budget) -> SafeString | str:
    """Return the key or purse that a budget binds, in words."""
    if budget.api_key:
        return gettext("API key %(key)s of %(platform)s") % {
            "key": budget.api_key,
            "platform": budget.api_key.platform,
        }
    return gettext("Purse of %(purse)s") % {"purse": budget.purse}


def word_reset(standing: Standing) -> str:
    """Return when a budget begins anew, or that it never does."""
    return moment(standing.resets_at) if standing.resets_at else gettext("not by itself")


def budgets_table(request: HttpRequest, purse: Purse) -> SafeString | None:
    """Return the budgets that bind a user's orders: of the purse, and of keys made for that user; None without any.

    Shown to those who may see budgets.
    """
    if not request.user.has_perm("credits.view_budget"):
        return None
    of_user = Q(api_key__platform_id=purse.platform_id, api_key__user=purse.user)
    found = Budget.objects.filter(Q(purse=purse) | of_user).select_related("api_key")
    budgets = list(found.order_by("id")[:MOST_ON_A_PURSE])
    standings = find_standings([budget.pk for budget in budgets])
    rows = [
        [
            link("credits_budget", budget.pk, budget.get_period_display()),
            code(budget.api_key) if budget.api_key else _("this purse"),
            usage_bar(standings[budget.pk].used, budget.most),
            word_reset(standings[budget.pk]),
            badge(_("active"), "success") if budget.is_active else badge(_("switched off")),
        ]
        for budget in budgets
    ]
    headers = [_("period"), _("whose"), _("used"), _("begins anew"), _("state")]
    return table(headers, rows) if rows else None


def new_budget_page(request: HttpRequest, purse: Purse) -> str:
    """Return the address that makes a budget of a purse; nothing for those who may not."""
    if not request.user.has_perm("credits.add_budget"):
        return ""
    return f"{reverse('admin:credits_budget_add')}?purse={purse.pk}"
