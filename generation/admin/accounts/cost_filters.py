"""Which costs their page shows: a period, a provider, a model, a platform; one reading for the list and its sums."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generation.admin.filters import ModelFilter
from generation.models import Account, Costs
from generation.selectors.costs import FILTERS, Period, last_days
from generation.states import AttemptState
from genhub.platforms.models import Platform

USUAL_DAYS = "30"
DAYS = {
    "1": _("today"), "7": _("last 7 days"), USUAL_DAYS: _("last 30 days"), "90": _("last 90 days"),
}  # fmt: skip
# Attempts that the sums count: they delivered, or may have cost anything.
COUNTED = Q(state=AttemptState.SUCCEEDED) | Q(cost_usd=None) | Q(cost_usd__gt=0)


@dataclass(frozen=True)
class Wanted:
    """What an address asks for."""

    days: str
    period: Period
    filters: Mapping[str, str] = field(default_factory=dict)
    day: str = ""


def read_wanted(words: Mapping[str, str]) -> Wanted:
    """Return what an address asks for; raise IncorrectLookupParameters for a day that is none."""
    days = words.get("days", USUAL_DAYS)
    if days not in DAYS:
        days = USUAL_DAYS
    filters = {name: words[name] for name in FILTERS if words.get(name)}
    if day := words.get("day", ""):
        only = read_day(day)
        return Wanted(days, Period(only, only), filters, day)
    return Wanted(days, last_days(int(days)), filters)


def read_day(text: str) -> date:
    """Return a day such as 2026-11-01; raise IncorrectLookupParameters for what is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise IncorrectLookupParameters from error
    # A day after it must still be a date.
    if found.year > 9000:  # noqa: PLR2004
        raise IncorrectLookupParameters
    return found


class PeriodFilter(SimpleListFilter):
    """Of the last so many days of the hub's zone, with today; or of one day alone."""

    title = _("period")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the periods."""
        return list(DAYS.items())

    def choices(self, changelist: Any) -> Any:
        """Offer no endless one: to read all that ever was would last."""
        _all, *others = super().choices(changelist)
        chosen = [choice["selected"] for choice in others]
        for days, choice in zip(DAYS, others, strict=True):
            yield choice | {
                "selected": choice["selected"] or (not any(chosen) and days == USUAL_DAYS)
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Costs]) -> QuerySet[Costs]:
        """Return what ended in the period, of what counts."""
        whole = read_wanted(request.GET.dict()).period.whole
        return queryset.filter(COUNTED, ended_at__gte=whole.since, ended_at__lt=whole.until)


class DayFilter(SimpleListFilter):
    """One day, as the sums link to it; the period's own filter reads it."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the chosen day alone."""
        return [(day, day)] if (day := self.value()) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Costs]) -> QuerySet[Costs]:
        """Leave it to the period."""
        return queryset


class ChoiceFilter(SimpleListFilter):
    """Attempts of one row of another table, by its id."""

    column: str
    rows: Any

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the rows."""
        return [(str(row.pk), str(row)) for row in self.rows.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Costs]) -> QuerySet[Costs]:
        """Return the attempts of the chosen row; of one that there is not, none."""
        if not self.value():
            return queryset
        known = self.value() in {key for key, _name in self.lookup_choices}
        return queryset.filter(**{self.column: self.value()}) if known else queryset.none()


class ProviderFilter(ChoiceFilter):
    """Attempts at one provider."""

    title, parameter_name = _("provider"), "provider"
    column, rows = "account_id", Account


class PlatformFilter(ChoiceFilter):
    """Attempts for one platform."""

    title, parameter_name = _("platform"), "platform"
    column, rows = "task__platform_id", Platform


class CostModelFilter(ModelFilter):
    """Attempts with one model; one that is offered no more is still found by its link."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the aliases that any provider offers, and the chosen one."""
        found = super().lookups(request, model_admin)
        chosen = self.value()
        return found if not chosen or (chosen, chosen) in found else [*found, (chosen, chosen)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the attempts of the chosen model."""
        return queryset.filter(task__model=self.value()) if self.value() else queryset


class UnknownFilter(SimpleListFilter):
    """Attempts whose cost nobody knows."""

    title = _("cost")
    parameter_name = "unknown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice."""
        return [("1", _("of unknown cost"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Costs]) -> QuerySet[Costs]:
        """Return those of unknown cost."""
        return queryset.filter(cost_usd=None) if self.value() == "1" else queryset
