"""Pages of grants and corrections above the limit: the queue of those that wait, and what became of the others."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from credits.admin.adjust import may_adjust
from credits.admin.asked import APPROVER, READERS, request_page
from credits.admin.freeze import word_lifted
from credits.admin.last_move import facts_of
from credits.admin.words import link_for, may_see_purses
from credits.errors import GrantDecided
from credits.giving import approve_move, reject_move
from credits.last_moves import seen_of
from credits.models import GrantKind, GrantRequest, GrantState, Purse
from genhub.admin.customers import customer_link
from genhub.admin.decisions import DecisionList, DecisionPage
from genhub.admin.filters import ALL, StandingFilter
from genhub.admin.pages import Question
from genhub.admin.show import badge, moment

LONGEST_EXCERPT = 80
COLOURS = {
    GrantState.PENDING: "warning",
    GrantState.REJECTED: "danger",
    GrantState.DONE: "success",
}


class StateFilter(StandingFilter):
    """What waits, unless another state is chosen."""

    states, first = GrantState, GrantState.PENDING


class GrantList(DecisionList):
    """A page of grants and corrections."""

    def word_shown(self, request: HttpRequest) -> tuple[str, str]:
        """Return which of them the page shows, and what to say when there is none."""
        state = request.GET.get(StateFilter.parameter_name) or GrantState.PENDING
        if state == GrantState.PENDING:
            none = gettext("No grant or correction waits for a second person.")
            return gettext("Grants and corrections that wait for a second person."), none
        none = gettext("There is no such grant or correction.")
        if state == ALL:
            return gettext("Grants and corrections of every state."), none
        word = str(dict(GrantState.choices).get(state, state))
        told = gettext("Grants and corrections of the state “%(state)s”.") % {"state": word}
        return told, none

    def list_ways(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Return the way to those that this page leaves out."""
        if request.GET.get(StateFilter.parameter_name) == ALL:
            return []
        address = self.get_query_string({StateFilter.parameter_name: ALL})
        return [(gettext("All grants and corrections by staff"), address)]


@admin.register(GrantRequest)
class GrantRequestAdmin(DecisionPage):
    """Grants, corrections and stated balances; the oldest that waits stands first."""

    list_display = ("summary", "state_shown", "kind", "owner", "requested_by", "age")
    list_display_links = ("summary",)
    list_filter = (StateFilter, "kind")
    list_select_related = ("purse__platform", "requested_by")
    search_fields = ("purse__user", "reason", "requested_by__username")
    search_ids = ("purse", "transfer")
    search_help_text = _("Search by user, reason or requester, or paste the id of a purse.")
    ordering = ("created_at", "id")
    list_before_template = "admin/hub/shown.html"
    readers, decider = READERS, APPROVER
    no_right: Any = _("Deciding needs the right to approve other people's grants and corrections.")
    own: Any = _("You asked for this yourself, so another person must decide.")
    decided_before = GrantDecided

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[GrantList]:
        """Return the list that says which it shows."""
        return GrantList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with their purses."""
        return super().get_queryset(request).select_related("purse__platform", "decided_by")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what there is to show: nothing of a decision or an expiry that there is not."""
        names = ["state_shown", "kind", "amount_shown"]
        if obj.expires_at:
            names.append("expires")
        if obj.stated is not None and may_see_stated(request):
            names.append("stated")
        names += ["owner", "reason", "requested_by", "asked"]
        if obj.decided_by_id:
            names += ["decided_by", "decided", "decision"]
        return tuple(names)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what was asked for, the ways to its purse and transfer, and why this person cannot decide, if so."""
        row = self.find_object(request, object_id)
        ways = [link_for(request, "credits_purse", row.purse_id, gettext("Open the purse"))]
        if row.transfer_id:
            text = gettext("Open the transfer")
            ways.append(link_for(request, "credits_transfer", row.transfer_id, text))
        words = {
            "title": title_of(row),
            "obstacle": self.find_obstacle(request, row) if self.is_pending(row) else "",
            "ways": [way for way in ways if isinstance(way, SafeString)],
            "show_save": False,
        }
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    def is_pending(self, row: GrantRequest) -> bool:
        """Return whether it waits for a decision."""
        return row.state == GrantState.PENDING

    def mark_row(self, row: Any) -> str:
        """Return the mark of the purse's last move: somebody may have mended it otherwise."""
        return seen_of(row.purse)

    def approve_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Move the credits, note it in the purse's history, and say what became of them."""
        person: Any = request.user
        done = approve_move(row.pk, person=person, reason=words["reason"], seen=words["seen"])
        facts = {
            "amount": f"{row.amount:+d}",
            "asker": row.requested_by,
            "reason": row.reason,
            "decision": done.decision,
        }
        text = gettext(
            "Approved %(amount)s credits that %(asker)s asked for (%(reason)s): %(decision)s"
        )
        self.log_change(request, row.purse, text % facts)
        return word_lifted(row) if row.kind == GrantKind.UNFREEZE else word_done(request, row)

    def reject_row(self, request: HttpRequest, row: Any, words: dict[str, Any]) -> str:
        """Reject, note it in the purse's history, and say so."""
        person: Any = request.user
        done = reject_move(row.pk, person=person, reason=words["reason"])
        facts = {
            "amount": f"{row.amount:+d}",
            "asker": row.requested_by,
            "decision": done.decision,
        }
        text = gettext("Rejected %(amount)s credits that %(asker)s asked for: %(decision)s")
        self.log_change(request, row.purse, text % facts)
        return gettext("It was rejected. Nothing was moved.")

    def describe(self, request: HttpRequest, row: Any) -> Question:
        """Return what is asked for, why, and how the purse stands."""
        facts: dict[str, Any] = {
            gettext("Amount"): f"{row.amount:+d}",
            gettext("Kind"): row.get_kind_display(),
            gettext("User"): customer_link(row.purse),
        }
        if row.expires_at:
            facts[gettext("Expires")] = moment(row.expires_at)
        if row.stated is not None and may_see_stated(request):
            facts[gettext("Stated balance")] = row.stated
        facts |= {
            gettext("Reason"): row.reason,
            gettext("Requested by"): row.requested_by,
            gettext("Asked at"): f"{moment(row.created_at)} · {self.age(row)}",
        }
        if may_see_purses(request):
            facts |= facts_of(row.purse)
        return Question(
            title=title_of(row),
            intro=gettext(
                "Once approved, the credits move at once. The statement that staff see names you both."
            ),
            facts=facts,
            back=request_page(row),
        )

    @display(description=_("credits"), header=True, ordering="amount")
    def summary(self, row: GrantRequest) -> list[str]:
        """Show the amount and the reason."""
        amount = gettext("%(amount)s credits") % {"amount": self.amount_shown(row)}
        return [amount, Truncator(row.reason).chars(LONGEST_EXCERPT)]

    @display(description=_("state"), ordering="state")
    def state_shown(self, row: GrantRequest) -> SafeString:
        """Show the state as a coloured word."""
        return badge(row.get_state_display(), COLOURS[GrantState(row.state)])

    @display(description=_("amount"))
    def amount_shown(self, row: GrantRequest) -> str:
        """Show how much it is about, with its sign."""
        return f"{row.amount:+d}"

    @display(description=_("user"), ordering="purse__user")
    def owner(self, row: GrantRequest) -> SafeString:
        """Lead to the customer's page."""
        return customer_link(row.purse)

    @display(description=_("expires"))
    def expires(self, row: GrantRequest) -> str:
        """Show until when the credits would live."""
        return moment(row.expires_at)

    @display(description=_("asked at"), ordering="created_at")
    def asked(self, row: GrantRequest) -> str:
        """Show when it was asked for."""
        return moment(row.created_at)

    @display(description=_("decided at"))
    def decided(self, row: GrantRequest) -> str:
        """Show when it was decided."""
        return moment(row.decided_at)


def title_of(row: GrantRequest) -> str:
    """Return what is asked for, in words."""
    facts = {"kind": capfirst(row.get_kind_display()), "amount": f"{row.amount:+d}"}
    return gettext("%(kind)s: %(amount)s credits") % facts


def may_see_stated(request: HttpRequest) -> bool:
    """Return whether a member of staff may see a balance that was stated: who states and who approves one must."""
    return may_adjust(request) or may_see_purses(request) or request.user.has_perm(APPROVER)


def word_done(request: HttpRequest, row: GrantRequest) -> str:
    """Return what an approval did to the user's credits, as far as this person may see them."""
    facts: dict[str, Any] = {"amount": f"{row.amount:+d}", "user": row.purse.user}
    if not may_see_purses(request):
        return gettext("%(amount)s credits moved for %(user)s.") % facts
    after = Purse.objects.get(pk=row.purse_id).available
    text = gettext(
        "%(amount)s credits moved for %(user)s. Available: %(before)s before, %(after)s now."
    )
    return text % (facts | {"before": after - row.amount, "after": after})
