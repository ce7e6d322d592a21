"""The statement of a purse: each transfer in words for those who answer customers, with the balance after it."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.core.validators import MaxValueValidator
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from credits.admin.words import (
    kind_badge,
    link_for,
    may_see_purses,
    signed,
    task_link,
    tell,
    why,
)
from credits.entries import Filters, change
from credits.models import Bucket, Kind, Purse, Transfer
from credits.selectors import find_approved, find_entries
from genhub.admin.show import moment, table

MOVES_PER_PAGE = 25
# A day after it must still be a date.
LAST_DATE = date(9000, 1, 1)


class DayField(forms.DateField):
    """A day, typed or picked in the browser's own calendar."""

    def __init__(self, **words: Any) -> None:
        """Show the browser's calendar."""
        widget = UnfoldAdminTextInputWidget({"type": "date"})
        validators = [MaxValueValidator(LAST_DATE)]
        super().__init__(required=False, widget=widget, validators=validators, **words)


class StatementForm(forms.Form):
    """Which transfers to show; days are those of the site's zone, as all times of the page are."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("All kinds")), *Kind.choices],
        widget=UnfoldAdminSelectWidget,
    )
    since = DayField(label=_("From day"))
    until = DayField(label=_("To day"))

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        words: dict[str, Any] = super().clean() or {}
        since, until = words.get("since"), words.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        return words

    def filters(self) -> Filters:
        """Return what was asked for; only of a valid form."""
        words = self.cleaned_data
        until = words["until"]
        return Filters(
            kind=Kind(words["kind"]) if words["kind"] else None,
            since=begin(words["since"]),
            until=begin(until + timedelta(days=1)) if until else None,
        )


class MovePages(Paginator):  # type: ignore[type-arg]
    """Pages of a whole statement: a purse numbers its transfers without a gap, so nothing is counted."""

    def __init__(self, moves: Any, purse: Purse) -> None:
        super().__init__(moves, MOVES_PER_PAGE)
        self.purse = purse

    @cached_property
    def count(self) -> int:
        """Return how many transfers there are."""
        return self.purse.version


def begin(day: date | None) -> datetime | None:
    """Return the first moment of a day in the site's zone."""
    return make_aware(datetime.combine(day, time.min)) if day else None


def show_statement(request: HttpRequest, purse: Purse) -> dict[str, Any]:
    """Return what the statement's template shows: the filter, a page of rows, and where its CSV is."""
    form = StatementForm(request.GET)
    page = find_page(form, purse, request.GET.get("page"))
    words = request.GET.copy()
    words.pop("page", None)
    return {
        "filter": form,
        "page": page,
        "query": words.urlencode(),
        "moves": statement_table(request, page.object_list) if page else "",
    }


def find_page(form: StatementForm, purse: Purse, number: str | None) -> Page[Transfer] | None:
    """Return a page of the transfers that were asked for; None when they were asked for wrongly."""
    if not form.is_valid():
        return None
    filters = form.filters()
    moves = find_entries(purse.pk, filters)
    pages = MovePages(moves, purse) if filters == Filters() else Paginator(moves, MOVES_PER_PAGE)
    return pages.get_page(number)


def statement_table(request: HttpRequest, transfers: Iterable[Transfer]) -> SafeString:
    """Return transfers (with their holds) as rows, with the balance after each for those who may see purses."""
    after, shown = may_see_purses(request), list(transfers)
    approved = find_approved([move.pk for move in shown])
    headers = [
        _("time"),
        _("kind"),
        _("what happened"),
        _("available"),
        *([_("available after")] if after else []),
        _("held"),
        *([_("held after")] if after else []),
        _("task"),
        _("why, by whom"),
    ]
    may_open = request.user.has_perm("generation.view_task")
    rows = [
        [
            link_for(request, "credits_transfer", move.pk, moment(move.created_at)),
            kind_badge(move),
            tell(move),
            signed(change(move, Bucket.AVAILABLE), is_gain=True),
            *([move.available_after] if after else []),
            signed(change(move, Bucket.HELD)),
            *([move.held_after] if after else []),
            task_link(move, may_open=may_open),
            why(move, approved.get(move.pk)),
        ]
        for move in shown
    ]
    return table(headers, rows)
