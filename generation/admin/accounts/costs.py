"""The page of costs: sums of a period with a chart, and below it the orders that they are made of."""

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.admin.accounts.cost_filters import (
    DAYS,
    CostModelFilter,
    DayFilter,
    PeriodFilter,
    PlatformFilter,
    ProviderFilter,
    UnknownFilter,
    Wanted,
    read_wanted,
)
from generation.admin.words import attempt_badge, show_usd
from generation.models import Costs
from generation.selectors.costs import CostSum, add_up, sum_costs_by, whole_days
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import code, leads, link, moment, table

TABLES = (
    ("provider", _("By provider"), _("provider")),
    ("model", _("By model"), _("model")),
    ("platform", _("By platform"), _("platform")),
    ("day", _("By day"), _("day")),
)
# Django's own name of the list below.
LIST = "#changelist"


@admin.register(Costs)
class CostsAdmin(ReadOnlyAdmin):
    """What orders cost the operator, newest first."""

    list_display = ("task_shown", "ended", "account", "model_shown", "platform", "state_shown", "pictures", "usd")  # fmt: skip
    list_display_links = None
    list_filter = (PeriodFilter, ProviderFilter, CostModelFilter, PlatformFilter, UnknownFilter, DayFilter)  # fmt: skip
    list_before_template = "admin/generation/costs.html"
    ordering = ("-ended_at",)
    paginator = InfinitePaginator
    # By another column all rows would be read.
    sortable_by = ("ended",)
    show_full_result_count = False
    list_per_page = 25
    fields = ("task_shown", "account", "state_shown", "sending_at", "ended_at", "usd", "dearest", "counted")  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Costs]:
        """Return the attempts with whose they are."""
        rows: QuerySet[Costs] = super().get_queryset(request)
        may_open = Value(request.user.has_perm("generation.view_task"))
        rows = rows.select_related("account", "task__platform").defer("preview")
        return rows.annotate(may_open=may_open)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the sums above the list."""
        try:
            words = show_sums(read_wanted(request.GET.dict()))
        except IncorrectLookupParameters:
            # The list says so.
            words = {}
        return super().changelist_view(request, words | (extra_context or {}))

    @display(description=_("task"))
    def task_shown(self, attempt: Any) -> SafeString:
        """Show the order that it was for, and lead there who may see it."""
        name = code(attempt.task)
        return link("generation_task", attempt.task_id, name) if attempt.may_open else name

    @display(description=_("ended at"), ordering="ended_at")
    def ended(self, attempt: Costs) -> str:
        """Show when it ended."""
        return moment(attempt.ended_at)

    @display(description=_("model"))
    def model_shown(self, attempt: Costs) -> str:
        """Show by which model."""
        return attempt.task.model

    @display(description=_("platform"))
    def platform(self, attempt: Costs) -> str:
        """Show for whom."""
        return str(attempt.task.platform)

    @display(description=_("state"))
    def state_shown(self, attempt: Costs) -> SafeString:
        """Show how it ended."""
        return attempt_badge(attempt)

    @display(description=_("pictures"))
    def pictures(self, attempt: Costs) -> Any:
        """Show how many were made, where that was counted."""
        return attempt.usage.get("pictures", "–")

    @display(description=_("USD"), ordering="cost_usd")
    def usd(self, attempt: Costs) -> str:
        """Show what it cost."""
        return show_usd(attempt.cost_usd)

    @display(description=_("at most, in USD"))
    def dearest(self, attempt: Costs) -> str:
        """Show what it could have cost when it left."""
        return show_usd(attempt.dearest_usd)

    @display(description=_("counted by the vendor"))
    def counted(self, attempt: Costs) -> SafeString:
        """Show what was counted."""
        return code(json.dumps(attempt.usage, ensure_ascii=False))


def show_sums(wanted: Wanted) -> dict[str, Any]:
    """Return what the page's template shows: the period to choose, figures, a chart and four tables."""
    by = sum_costs_by([name for name, _title, _head in TABLES], wanted.period, wanted.filters)
    total = add_up(by["day"])
    return {
        "periods": [(text, address(wanted, days=days, day=None), days == wanted.days and not wanted.day)
                    for days, text in DAYS.items()],
        "figures": list_figures(wanted, total),
        "chart": draw_chart(whole_days(by["day"], wanted.period)) if not wanted.day else None,
        "tables": [
            (title, sums_table(wanted, name, head, by[name]), name == "day")
            for name, title, head in TABLES
            if by[name] and name not in wanted.filters and not (name == "day" and wanted.day)
        ],
        "unknown_note": note_unknown(wanted, total.unknown),
    }  # fmt: skip


def address(wanted: Wanted, **changes: str | None) -> str:
    """Return the page's address with other words; None takes one away."""
    words: dict[str, str | None] = {
        "days": wanted.days,
        "day": wanted.day or None,
        **wanted.filters,
    }
    words |= changes
    return "?" + urlencode({name: value for name, value in words.items() if value is not None})


def list_figures(wanted: Wanted, total: CostSum) -> list[tuple[str, str, str]]:
    """Return the figures of the period, each with where it leads."""
    orders = address(wanted) + LIST
    return [
        (gettext("Cost in USD"), show_usd(total.known_usd), orders),
        (gettext("A picture, in USD"), show_usd(total.average_usd), orders),
        (gettext("Of unknown cost"), str(total.unknown), address(wanted, unknown="1") + LIST),
        (gettext("Without result, in USD"), show_usd(total.given_up_usd), orders),
        (gettext("Credits captured"), str(total.credits), orders),
        (gettext("Income in USD"), show_usd(total.revenue_usd), orders),
        (gettext("Margin in USD"), show_usd(total.margin_usd), orders),
    ]


def note_unknown(wanted: Wanted, number: int) -> SafeString | str:
    """Return what the sums leave out, with where that is listed."""
    if not number:
        return ""
    words = ngettext(
        "%(number)s order of unknown price is not in these sums.",
        "%(number)s orders of unknown price are not in these sums.",
        number,
    ) % {"number": number}
    return format_html('<a class="text-link" href="{}">{}</a>', address(wanted, unknown="1") + LIST, words)  # fmt: skip


def sums_table(wanted: Wanted, name: str, head: Any, rows: list[CostSum]) -> SafeString:
    """Return a table of sums; each line's numbers lead to the orders that they are made of."""
    headers = [
        head, _("attempts"), _("pictures"), _("USD"), _("USD a picture"), _("of unknown cost"),
        _("without result"), _("credits"), _("income"), _("margin"),
    ]  # fmt: skip
    return table(headers, [cells(wanted, name, row) for row in rows])


def cells(wanted: Wanted, name: str, row: CostSum) -> list[Any]:
    """Return one line of a table."""
    own = address(wanted, **{name: row.key}) + LIST
    unknown = address(wanted, **{name: row.key}, unknown="1") + LIST
    return [
        leads(own, row.name),
        leads(own, row.attempts),
        row.pictures,
        leads(own, show_usd(row.known_usd)),
        show_usd(row.average_usd),
        leads(unknown, row.unknown) if row.unknown else 0,
        show_usd(row.given_up_usd),
        row.credits,
        show_usd(row.revenue_usd),
        show_usd(row.margin_usd),
    ]


def draw_chart(days: list[CostSum]) -> dict[str, Any]:
    """Return the chart's data as the admin theme's component takes it, and its highest bar in words."""
    bars = {
        "label": gettext("Cost in USD"),
        "data": [float(row.known_usd or 0) for row in days],
        "backgroundColor": "var(--color-primary-600)",
        "displayYAxis": True,
        "maxTicksXLimit": 15,
    }
    data = json.dumps({"labels": [row.name[5:] for row in days], "datasets": [bars]})
    dearest = max(days, key=lambda row: row.known_usd or 0)
    if not dearest.known_usd:
        return {"data": data}
    return {"data": data, "most": show_usd(dearest.known_usd), "day": dearest.name}
