"""The page of a day, a week or a month in figures, beside the one before; each figure leads to the orders behind it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credits.selectors import Turnover
from generation.admin.tasks.margin import margin_card, word_lacking
from generation.admin.words import TASK_COLOURS, show_usd, word_failure
from generation.models.task import STATE_WORDS
from generation.selectors.closed_days import Stretch, part
from generation.selectors.costs import sum_costs
from generation.selectors.periods import DAY, HOUR, Count, Figures, count_parts
from generation.states import TaskState
from genhub.admin.base import HubAdmin
from genhub.admin.pages import show
from genhub.admin.show import badge, leads, table
from genhub.lib.zones import hub_zone
from genhub.platforms.models import Platform

NAME = "generation_task_figures"
PERIODS = {1: _("one day"), 7: _("7 days"), 30: _("30 days")}
MOST_ROWS = 12
REFRESH_SECONDS = 60


@dataclass(frozen=True)
class Period:
    """So many whole days of the hub's zone, of which this is the last."""

    last: date
    days: int

    @property
    def begin(self) -> datetime:
        """Return its first moment."""
        first = self.last - timedelta(days=self.days - 1)
        return datetime.combine(first, time.min, tzinfo=hub_zone())

    @property
    def end(self) -> datetime:
        """Return the first moment after it."""
        return self.begin + timedelta(days=self.days)

    @property
    def before(self) -> "Period":
        """Return the one before, as long."""
        return Period(self.last - timedelta(days=self.days), self.days)

    def slots(self) -> Iterator[datetime]:
        """Yield the local time at which each of its hours begins, of several days each day."""
        first = datetime.combine(self.last - timedelta(days=self.days - 1), time.min)
        step, number = (
            (timedelta(hours=1), 24) if self.days == 1 else (timedelta(days=1), self.days)
        )
        yield from (first + step * n for n in range(number))

    def address(self, **changes: Any) -> str:
        """Return the page's address with another day or length."""
        words = {"day": self.last.isoformat(), "days": self.days} | changes
        return "?" + urlencode(words)

    def tasks(self, **filters: str) -> str:
        """Return the address of the list of its tasks."""
        times = {"created_at__gte": self.begin.isoformat(), "created_at__lt": self.end.isoformat()}
        return f"{reverse('admin:generation_task_changelist')}?{urlencode(times | filters)}"


class FiguresPage(HubAdmin):
    """The part of the tasks' pages that counts them."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.figures)
        return [path("figures/", view, name=NAME), *super().get_urls()]

    def figures(self, request: HttpRequest) -> HttpResponse:
        """Show a period beside the one before."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        period = read_period(request)
        slot = HOUR if period.days == 1 else DAY
        parts = [part(Stretch(one.begin, one.end)) for one in (period, period.before)]
        now, before = count_parts(parts[0], slot), count_parts(parts[1], slot, with_times=False)
        money = None
        if request.user.has_perm("credits.view_purse"):
            money = [one.sum_turnover() for one in parts]
        shows_costs = request.user.has_perm("generation.view_costs")
        sums = [sum_costs("platform", one) for one in parts] if shows_costs else []
        today = timezone.localdate(timezone=hub_zone())
        words = {
            "title": gettext("Orders in figures"),
            "period": period,
            "periods": [(text, period.address(days=n), n == period.days) for n, text in PERIODS.items()],
            "earlier": period.address(day=period.before.last.isoformat()),
            "later": period.address(day=min(period.last + timedelta(days=period.days), today).isoformat()),
            "is_newest": period.last >= today,
            "cards": list_cards(period, now, before, money, shows_costs=shows_costs) + (margin_card(period, sums) if sums else []),
            "lacking": word_lacking(sums[0]) if sums else [],
            "chart": draw_chart(period, now),
            "states": [
                (badge(word, TASK_COLOURS[state]), now.of(state), period.tasks(state__exact=state))
                for state, word in STATE_WORDS
            ],
            "tables": list_tables(period, now, before),
            "seconds": REFRESH_SECONDS if period.last >= today else 0,
        }  # fmt: skip
        return show(self, request, "admin/generation/figures.html", **words)


def read_period(request: HttpRequest) -> Period:
    """Return the period of an address: today where it names none that there is."""
    today = timezone.localdate(timezone=hub_zone())
    try:
        last = parse_date(request.GET.get("day", "")) or today
    except ValueError:
        last = today
    days = request.GET.get("days", "")
    # Before 2000 there were no orders, and the days before the first year have no name.
    oldest = date(2000, 1, 1)
    return Period(
        max(min(last, today), oldest), int(days) if days in map(str, PERIODS) else min(PERIODS)
    )


def list_cards(
    period: Period,
    now: Figures,
    before: Figures,
    money: list[Turnover] | None,
    *,
    shows_costs: bool,
) -> list[tuple[str, Any, str, str]]:
    """Return the large figures: name, value, what it was before, and where it leads."""
    one, other = now.whole, before.whole
    cards = [
        (gettext("Tasks"), one.tasks, str(other.tasks), period.tasks()),
        (gettext("Delivered"), one.completed, str(other.completed), period.tasks(state__exact=TaskState.COMPLETED)),
        (gettext("Failed"), now.of(TaskState.FAILED), str(before.of(TaskState.FAILED)), period.tasks(state__exact=TaskState.FAILED)),
        (gettext("Success rate"), percent(one.success), percent(other.success), period.tasks(state__exact=TaskState.FAILED)),
    ]  # fmt: skip
    if money:
        moves = reverse("admin:credits_transfer_changelist")
        for name, word in ((gettext("Credits captured"), "captured"), (gettext("Credits refunded"), "refunded")):  # fmt: skip
            values = [str(getattr(turnover, word)) for turnover in money]
            cards.append((name, values[0], values[1], moves))
    if shows_costs:
        costs = reverse("admin:generation_costs_changelist")
        cards.append((gettext("Cost in USD"), usd_of(one), usd_of(other), costs))
    return cards


def percent(part: float | None) -> str:
    """Return a part of 1 in words."""
    return "–" if part is None else f"{part:.1%}"


def usd_of(count: Count) -> str:
    """Return what orders cost: nothing where there were none."""
    return "–" if not count.tasks else show_usd(count.cost_usd)


def list_tables(period: Period, now: Figures, before: Figures) -> list[tuple[str, SafeString]]:
    """Return the tables that have rows."""
    found = []
    names = {str(key): name for key, name in Platform.objects.values_list("pk", "name")}
    for way, title, head, filter_name in (
        ("model", _("By model"), _("model"), "model"),
        ("platform", _("By platform"), _("platform"), "platform__id__exact"),
        ("template", _("By template"), _("template"), "template"),
    ):
        rows = now.counts[way][:MOST_ROWS]
        earlier = {one.name: one.tasks for one in before.counts[way]}
        if rows:
            headers = [head, _("tasks"), _("before"), _("success rate")]
            headers += (
                [_("waited, s (50 / 95 %)"), _("worked, s (50 / 95 %)")] if way == "model" else []
            )
            cells = [
                [
                    leads(period.tasks(**{filter_name: one.name}), names.get(one.name, one.name) if way == "platform" else one.name),
                    one.tasks, earlier.get(one.name, 0), percent(one.success),
                    *(times_of(now, one.name) if way == "model" else []),
                ]
                for one in rows
            ]  # fmt: skip
            found.append((str(title), table(headers, cells)))
    if failures := now.counts["error_code"][:MOST_ROWS]:
        earlier = {one.name: one.tasks for one in before.counts["error_code"]}
        cells = [
            [leads(period.tasks(error_code=one.name), word_failure(one.name, {})), one.tasks, earlier.get(one.name, 0)]
            for one in failures
        ]  # fmt: skip
        headers = [_("why"), _("tasks"), _("before")]
        found.append((gettext("Why orders failed"), table(headers, cells)))
    return found


def times_of(figures: Figures, model: str) -> list[str]:
    """Return how long half, and 95 of 100, of a model's orders waited and were worked on."""
    times = figures.times.get(model)
    if times is None:
        return ["–", "–"]
    return [f"{half:.1f} / {most:.1f}" for half, most in (times.waited, times.worked)]


def draw_chart(period: Period, figures: Figures) -> str:
    """Return the orders of each hour, or of each day of several, as the admin theme's component takes them."""
    by_slot = {one.name: one for one in figures.counts["slot"]}
    slots = list(period.slots())
    rows = [by_slot.get(f"{slot:%Y-%m-%d %H:%M:%S}", Count("", 0)) for slot in slots]
    done = {
        "label": gettext("Delivered"),
        "data": [one.completed for one in rows],
        "backgroundColor": "var(--color-primary-600)",
        "displayYAxis": True,
        "maxTicksXLimit": 12,
        "stack": "all",
    }
    rest = {
        "label": gettext("Others"),
        "data": [one.tasks - one.completed for one in rows],
        "backgroundColor": "var(--color-primary-200)",
        "stack": "all",
    }
    labels = [f"{slot:%H:%M}" if period.days == 1 else f"{slot:%m-%d}" for slot in slots]
    return json.dumps({"labels": labels, "datasets": [done, rest]})
