"""Pages of holds."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from credits.admin.statement import statement_table
from credits.admin.words import link_for
from credits.entries import ORDER, PICTURE
from credits.models import Hold, HoldState, Purse, Reason, Transfer
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, code, moment, table
from genhub.lib.ids import to_wire

MOST_ON_A_PAGE = 20


class HoldList(ChangeList):
    """A page of holds, each with whether it pays an edit, read for all of them at once."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then which of its holds pay edits."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        edits = find_edits(self.result_list)
        for hold in self.result_list:
            hold.is_edit = hold.pk in edits


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """What was reserved for each order, and what became of it."""

    list_display = (
        "time",
        "purse",
        "state_shown",
        "amount",
        "captured",
        "released",
        "refunded",
        "order",
    )
    list_display_links = ("time",)
    list_filter = ("state", "created_at", "purse__platform")
    list_select_related = ("purse__platform",)
    search_fields = ("purse__user",)
    search_ids = ("reference",)
    search_help_text = _("Search by user, or paste the id of a task.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    # By another column all rows would be read.
    sortable_by = ("time",)
    show_full_result_count = False
    fieldsets = (
        (
            None,
            {"fields": ("state_shown", "purse", "order", "created_at", "expires_at", "settled_at")},
        ),
        (_("Credits"), {"fields": ("amount", "captured", "released", "refunded", "overrun")}),
    )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a hold with the lots that it took of and each of its transfers."""
        hold = self.find_object(request, object_id)
        moves = hold.transfers.select_related("hold").order_by("purse_version")
        sections = [(_("Transfers"), statement_table(request, moves))]
        if lots := lots_used(request, hold):
            sections.insert(0, (_("Lots that it took of, soonest to expire first"), lots))
        return super().change_view(
            request, object_id, form_url, {"sections": sections} | (extra_context or {})
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[HoldList]:
        """Return the list that knows which holds pay edits."""
        return HoldList

    @display(description=_("time"), ordering="id")
    def time(self, hold: Hold) -> str:
        """Show when, to the second."""
        return moment(hold.created_at)

    @display(description=_("state"), ordering="state")
    def state_shown(self, hold: Hold) -> SafeString:
        """Show the state as a coloured word."""
        return badge(
            hold.get_state_display(), "info" if hold.state == HoldState.OPEN else "success"
        )

    @display(description=_("order"))
    def order(self, hold: Any) -> SafeString:
        """Show the id of the task, or of the edited picture, that it pays."""
        is_edit = hold.is_edit if hasattr(hold, "is_edit") else bool(find_edits([hold]))
        return code(to_wire(PICTURE if is_edit else ORDER, hold.reference))


def find_edits(holds: Iterable[Hold]) -> set[uuid.UUID]:
    """Return the ids of those holds that pay an edit."""
    moves = Transfer.objects.filter(hold__in=[hold.pk for hold in holds], reason=Reason.EDIT)
    return set(moves.order_by().values_list("hold_id", flat=True))


def holds_table(request: HttpRequest, purse: Purse) -> SafeString | None:
    """Return what a purse holds now, newest first; None when it holds nothing."""
    found = purse.holds.filter(state=HoldState.OPEN).order_by("-id")[:MOST_ON_A_PAGE]
    rows = [
        [
            link_for(request, "credits_hold", hold.pk, moment(hold.created_at)),
            hold.amount,
            link_for(request, "generation_task", hold.reference, to_wire(ORDER, hold.reference)),
            moment(hold.expires_at),
        ]
        for hold in (found if purse.held else ())
    ]
    headers = [_("time"), _("credits"), _("task"), _("expires at")]
    return table(headers, rows) if rows else None


def lots_used(request: HttpRequest, hold: Hold) -> SafeString | None:
    """Return what a hold took of which lots, and what came of it; None when it took only credits that never expire."""
    headers = [_("expires at"), _("took"), _("paid"), _("came back"), _("moved to a new lot")]
    rows = [
        [
            link_for(request, "credits_lot", use.lot_id, moment(use.lot.expires_at)),
            use.amount,
            use.captured,
            use.returned,
            use.moved,
        ]
        for use in hold.lot_uses.select_related("lot").order_by("lot__expires_at", "lot_id")
    ]
    return table(headers, rows) if rows else None
