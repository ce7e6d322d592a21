"""Filters of lists that ask: from which moment until which, in the zone of who looks; and one of many choices."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import DateFieldListFilter, SimpleListFilter
from django.contrib.admin.views.main import PAGE_VAR
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from genhub.admin.show import moment
from genhub.lib.zones import word_offset

# What the form says, by the lookup of the address that it becomes.
SINCE, UNTIL = "since", "until"


def list_others(changelist: Any, *own: str) -> list[tuple[str, str]]:
    """Return what a filter's form must carry along: whatever else the list was asked for."""
    return [(name, value) for name, value in changelist.params.items() if name not in own]


class ChosenFilter(SimpleListFilter):
    """One of so many choices that a list of links would hide the others; what was chosen by a link stays chosen."""

    template = "admin/hub/chosen_filter.html"

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the form."""
        name, value = str(self.parameter_name), str(self.value() or "")
        choices = [("", _("All")), *self.lookup_choices]
        if value not in {key for key, _word in choices}:
            choices.append((value, value))
        form = forms.Form({name: value})
        field = forms.ChoiceField(
            label=capfirst(self.title),
            required=False,
            choices=choices,
            widget=UnfoldAdminSelectWidget,
        )
        form.fields[name] = field
        yield {"form": form, "others": list_others(changelist, name)}


class TimeForm(forms.Form):
    """Asks from which minute until which, as the clock of who looks shows it."""

    since = forms.CharField(
        label=_("From"),
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
    )
    until = forms.CharField(
        label=_("Until"),
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
    )


class TimeFilter(DateFieldListFilter):
    """Rows of a stretch of time. The address says it with its zone, so that it means the same to whoever is sent it."""

    template = "admin/hub/time_filter.html"

    @property
    def since(self) -> datetime | None:
        """Return from when on rows are shown."""
        return read_moment(self.date_params.get(self.lookup_kwarg_since, ""))

    @property
    def until(self) -> datetime | None:
        """Return the moment before which they are."""
        return read_moment(self.date_params.get(self.lookup_kwarg_until, ""))

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the usual stretches; the form stands below them."""
        own = (self.lookup_kwarg_since, self.lookup_kwarg_until)
        self.others = list_others(changelist, *own)
        self.form = TimeForm({SINCE: write_local(self.since), UNTIL: write_local(self.until)})
        self.told = [moment(at) if at else "…" for at in (self.since, self.until)]
        self.is_asked = bool(self.since or self.until)
        place, offset = str(timezone.get_current_timezone()), word_offset(timezone.localtime())
        self.zone = place if place == "UTC" else f"{offset} ({place})"
        yield from super().choices(changelist)


def read_moment(text: str) -> datetime | None:
    """Return a time of an address, one without a zone in that of who looks; None for what is none."""
    try:
        # A plus sign that was not escaped arrives as a space.
        at = parse_datetime(
            text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text
        )
    except ValueError:
        return None
    return timezone.make_aware(at) if at and timezone.is_naive(at) else at


def write_local(at: datetime | None) -> str:
    """Return a time as a field for local times takes it, with seconds only where there are any."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{local:%Y-%m-%dT%H:%M:%S}" if local.second else f"{local:%Y-%m-%dT%H:%M}"


def turn_times(request: HttpRequest, field: str) -> HttpResponseRedirect | None:
    """Return where a list is whose form for times was sent: the same one, with each time and its zone in the address; a
    time that is none is left out, and said. None where no such form was sent."""
    if SINCE not in request.GET and UNTIL not in request.GET:
        return None
    words = request.GET.copy()
    words.pop(PAGE_VAR, None)
    for name, lookup in ((SINCE, f"{field}__gte"), (UNTIL, f"{field}__lt")):
        text = "".join(words.pop(name, [])[-1:])
        words.pop(lookup, None)
        if at := read_moment(text):
            words[lookup] = at.isoformat()
        elif text.strip():
            said = gettext("“%(text)s” is no time; it was left out.")
            messages.error(request, said % {"text": text[:50]})
    begin, end = (read_moment(words.get(f"{field}__{lookup}", "")) for lookup in ("gte", "lt"))
    if begin and end and begin >= end:
        messages.error(
            request, gettext("The end is not after the beginning: nothing is of that time.")
        )
    return HttpResponseRedirect(f"{request.path}?{words.urlencode()}")
