"""The grant: an amount, perhaps a last day, a reason and a key of the form; a double click puts in once."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from credits import ledger
from credits.admin.asked import read_wish, tell_waiting
from credits.admin.last_move import facts_for, word_rule
from credits.admin.statement import DayField
from credits.errors import ExpiryPast
from credits.giving import request_move
from credits.last_moves import seen_of
from credits.models import GrantKind, Purse
from genhub.admin.base import HubAdmin
from genhub.admin.forms import MoveForm
from genhub.admin.pages import Question, ask, word
from genhub.lib.errors import Problem


class GrantForm(MoveForm):
    """How many credits, until when, and why."""

    last_day = DayField(label=_("Last day"))
    field_order = ("amount", "last_day", "reason")

    def __init__(self, *args: Any, time_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, most=ledger.LARGEST_AMOUNT, **kwargs)
        self.fields["last_day"].help_text = _(
            "Empty: they never expire. Else what is left expires at the end of this day, in the platform's time zone: "
            "%(zone)s."
        ) % {"zone": time_zone}


class GrantPage(HubAdmin):
    """The part of the purses' pages that puts credits in."""

    def has_grant_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to grant and may see purses."""
        may_grant = request.user.has_perm("credits.grant_credits")
        return bool(may_grant and self.has_view_permission(request))

    @action(
        description=_("Grant credits"),
        permissions=["grant"],
        icon="add_card",
        variant=ActionVariant.PRIMARY,
    )
    def grant(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how many, until when and why, then put the credits in."""
        purse = self.find_object(request, object_id)
        form = GrantForm(
            request.POST or None,
            time_zone=purse.platform.time_zone,
            initial={"seen": seen_of(purse)},
        )
        if form.is_valid():
            try:
                done = self.put_in(request, purse, form.cleaned_data)
            except ExpiryPast as problem:
                form.add_error("last_day", word(problem))
                form.renew(seen_of(purse))
            except Problem as problem:
                form.add_error(None, word(problem))
                form.renew(seen_of(purse))
            else:
                return HttpResponseRedirect(done)
        question = Question(
            title=gettext("Grant credits to %(purse)s") % {"purse": purse},
            intro=f"{gettext('A grant cannot be taken back.')} {word_rule()}",
            facts=facts_for(request, purse),
            form=form,
            submit=gettext("Grant"),
            back=purse_page(purse),
        )
        return ask(self, request, question, about=purse)

    def put_in(self, request: HttpRequest, purse: Purse, words: dict[str, Any]) -> str:
        """Grant or let it wait, say which, and return the address of the page that shows it."""
        amount, last_day = words["amount"], words["last_day"]
        expires_at = end_of(last_day, purse.platform.time_zone) if last_day else None
        more = {"amount": amount, "expires_at": expires_at}
        row, is_new = request_move(
            read_wish(request, purse, GrantKind.GRANT, words, **more), seen=words["seen"]
        )
        if waiting := tell_waiting(self, request, row, is_new=is_new):
            return waiting
        if not is_new:
            messages.info(request, gettext("This grant was made before; nothing more was moved."))
            return purse_page(purse)
        purse.refresh_from_db()
        facts = {
            "amount": amount,
            "reason": words["reason"],
            "day": date_format(last_day) if last_day else "",
            "zone": purse.platform.time_zone,
            "before": purse.available - amount,
            "after": purse.available,
        }
        self.log_change(request, purse, word_log(facts))
        messages.success(request, word_success(facts))
        return purse_page(purse)


def word_log(facts: dict[str, Any]) -> str:
    """Return a grant as the purse's history keeps it."""
    if facts["day"]:
        return gettext("Granted %(amount)s credits until the end of %(day)s: %(reason)s") % facts
    return gettext("Granted %(amount)s credits: %(reason)s") % facts


def word_success(facts: dict[str, Any]) -> str:
    """Return what a grant did to the purse."""
    balance = gettext("Available: %(before)s before, %(after)s now.") % facts
    if facts["day"]:
        text = gettext("%(amount)s credits granted until the end of %(day)s (%(zone)s).")
    else:
        text = gettext("%(amount)s credits granted.")
    return f"{text % facts} {balance}"


def end_of(day: date, time_zone: str) -> datetime:
    """Return the moment when a day is over in a time zone."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(time_zone))


def purse_page(purse: Purse) -> str:
    """Return the address of a purse's page."""
    return reverse("admin:credits_purse_change", args=[purse.pk])
