"""Staff stop a customer, and allow them again: with a right, a reason, and a word about what is under way."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget

from credits import ledger, stops
from credits.admin.stop import stop_badge
from generation.admin.customers.reading import read_customer
from generation.admin.tasks.deeds import HistoryForm
from generation.orders.stopping import Cancels, find_under_way, stop_user
from generation.selectors.customers import Customer
from generation.states import TaskState
from genhub.admin.base import HubAdmin
from genhub.admin.customers import customer_page
from genhub.admin.pages import Question, ask, word
from genhub.admin.show import link, moment, table
from genhub.lib.errors import Problem

STOP, ALLOW = "generation_task_customer_stop", "generation_task_customer_allow"
MOST_COUNTED = 1000
MOST_SHOWN = 10


class StopForm(HistoryForm):
    """Asks why, and what becomes of orders under way."""

    field_order = ("cancels", "reason")
    cancels = forms.ChoiceField(
        label=_("Orders under way"), choices=Cancels.choices, initial=Cancels.WAITING,
        widget=UnfoldAdminRadioSelectWidget,
    )  # fmt: skip


class StoppingPage(HubAdmin):
    """The part of the customers' pages that stops one, and allows one again."""

    def get_urls(self) -> list[Any]:
        """Add the addresses of both, before that of a task of such a name."""
        stop, allow = map(self.admin_site.admin_view, (self.stop, self.allow))
        return [
            path("customers/stop/", stop, name=STOP),
            path("customers/allow/", allow, name=ALLOW),
            *super().get_urls(),
        ]

    def stop(self, request: HttpRequest) -> HttpResponse:
        """Ask why and what is canceled, then refuse all new orders."""
        customer = self.read_allowed(request)
        form = StopForm(request.POST or None)
        if form.is_valid():
            try:
                canceled = self.write_stop(request, customer, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
            else:
                text = gettext(
                    "%(user)s may order nothing new from now on. Orders canceled: %(count)s."
                )
                messages.success(request, text % {"user": customer.user, "count": canceled})
                return HttpResponseRedirect(page_of(customer))
        question = Question(
            title=gettext("Stop %(user)s?") % {"user": customer.user},
            intro=gettext(
                "New orders of this user are refused at once (403 user_stopped), free ones too, by whatever door they "
                "come. Pictures, orders and credits stay theirs and can be read. If the app has the user's data "
                "deleted, the stop goes with it."
            ),
            facts=facts_of(request, customer),
            form=form,
            submit=gettext("Stop this user"),
            back=page_of(customer),
            is_dangerous=True,
        )
        return ask(self, request, question)

    def write_stop(self, request: HttpRequest, customer: Customer, words: dict[str, Any]) -> int:
        """Stop a customer, note who did and why, and return how many orders were canceled."""
        purse: Any = customer.purse or ledger.open_purse(customer.platform.pk, customer.user)
        reason, cancels = words["reason"], words["cancels"]
        canceled = stop_user(purse, cancels=cancels, reason=reason, person=request.user)
        text = gettext("Stopped; orders canceled: %(count)s. %(reason)s")
        self.log_change(request, purse, text % {"count": canceled, "reason": reason})
        return canceled

    def allow(self, request: HttpRequest) -> HttpResponse:
        """Ask why, then take orders again."""
        customer = self.read_allowed(request)
        form = HistoryForm(request.POST or None)
        if form.is_valid():
            try:
                self.write_allow(request, customer, form.cleaned_data["reason"])
            except Problem as problem:
                form.add_error(None, word(problem))
            else:
                text = gettext("%(user)s may order again.")
                messages.success(request, text % {"user": customer.user})
                return HttpResponseRedirect(page_of(customer))
        question = Question(
            title=gettext("Allow %(user)s to order again?") % {"user": customer.user},
            intro=gettext("New orders are taken at once. What was canceled stays canceled."),
            facts=facts_of(request, customer),
            form=form,
            submit=gettext("Allow this user again"),
            back=page_of(customer),
        )
        return ask(self, request, question)

    def write_allow(self, request: HttpRequest, customer: Customer, reason: str) -> None:
        """Allow a customer again, and note who did and why."""
        purse: Any = customer.purse or ledger.open_purse(customer.platform.pk, customer.user)
        stops.allow(purse.pk, reason=reason, person=request.user)
        self.log_change(request, purse, gettext("Allowed again: %(reason)s") % {"reason": reason})

    def read_allowed(self, request: HttpRequest) -> Customer:
        """Return the customer of an address, for those who may stop users."""
        if not request.user.has_perm("credits.stop_users"):
            raise PermissionDenied
        return read_customer(request)


def page_of(customer: Customer) -> str:
    """Return the address of a customer's page."""
    return customer_page(customer.platform.code, customer.user)


def way_to_stop(request: HttpRequest, customer: Customer) -> tuple[str, str]:
    """Return the address that stops a customer or allows them again, and its words; empty for those who may not."""
    if not request.user.has_perm("credits.stop_users"):
        return "", ""
    is_stopped = customer.purse is not None and customer.purse.stopped_at is not None
    query = page_of(customer).partition("?")[2]
    where = f"{reverse(f'admin:{ALLOW if is_stopped else STOP}')}?{query}"
    return where, gettext("Allow this user again") if is_stopped else gettext("Stop this user")


def facts_of(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Return whom it is about, and what of theirs is under way."""
    states = list(
        find_under_way(customer.platform.pk, customer.user).values_list("state", flat=True)[:MOST_COUNTED]
    )  # fmt: skip
    waiting = states.count(TaskState.PENDING)
    facts: dict[str, Any] = {
        gettext("User"): f"{customer.user} @ {customer.platform}",
        gettext("Orders that nobody works on yet"): waiting,
        gettext("Orders that are worked on"): len(states) - waiting,
    }
    if len(states) == MOST_COUNTED:
        facts[gettext("Counted")] = gettext("the first %(most)s") % {"most": MOST_COUNTED}
    if customer.purse and request.user.has_perm("credits.view_purse"):
        facts[gettext("Held for tasks under way")] = customer.purse.held
    if customer.purse and customer.purse.stopped_at:
        facts[gettext("Stopped at")] = moment(customer.purse.stopped_at)
    return facts


def stops_table(request: HttpRequest, customer: Customer) -> SafeString | None:
    """Return how often a customer was stopped, by whom and why; None when never."""
    found = stops.find_stops(customer.purse.pk)[:MOST_SHOWN] if customer.purse else ()
    rows = [
        [
            link("credits_stop", row.pk, moment(row.stopped_at)),
            stop_badge(row),
            row.reason,
            row.stopped_by,
            format_html("{} · {}", row.allowed_by, row.allowed_why) if row.allowed_at else "–",
        ]
        for row in found
    ]
    headers = [_("stopped at"), _("state"), _("reason"), _("stopped by"), _("why allowed again")]
    return table(headers, rows) if rows else None
