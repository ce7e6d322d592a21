"""Pages of transfers, and how a transfer stands in a list."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from credits.models import Kind, Reason, Transfer
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.show import badge, link, moment, table

COLOURS = {
    Kind.GRANT: "success",
    Kind.HOLD: "info",
    Kind.CAPTURE: "primary",
    Kind.RELEASE: "",
    Kind.REFUND: "warning",
}


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Every move of credits, newest first."""

    list_display = (
        "time",
        "purse",
        "kind_shown",
        "amount",
        "available_after",
        "held_after",
        "actor",
        "reason_shown",
    )
    list_display_links = ("time",)
    list_filter = ("kind", "created_at", "purse__platform")
    list_select_related = ("purse__platform",)
    search_fields = ("purse__user", "actor", "reason")
    search_help_text = _("Search by user, actor or reason.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("kind_shown", "amount", "source", "target", "purse", "hold")}),
        (_("Why"), {"fields": ("actor", "reason_shown", "created_at", "key")}),
        (_("The purse after it"), {"fields": ("available_after", "held_after", "purse_version")}),
    )

    @display(description=_("time"), ordering="id")
    def time(self, transfer: Transfer) -> str:
        """Show when, to the second."""
        return moment(transfer.created_at)

    @display(description=_("kind"), ordering="kind")
    def kind_shown(self, transfer: Transfer) -> SafeString:
        """Show the kind as a coloured word."""
        return kind_badge(transfer)

    @display(description=_("reason"))
    def reason_shown(self, transfer: Transfer) -> str:
        """Show the hub's own reasons in words, and those of staff as they were written."""
        return word_reason(transfer.reason)


def kind_badge(transfer: Transfer) -> SafeString:
    """Return a transfer's kind as a coloured word."""
    return badge(transfer.get_kind_display(), COLOURS[Kind(transfer.kind)])


def word_reason(reason: str) -> str:
    """Return a reason in the reader's language where the hub wrote it."""
    return str(dict(Reason.choices).get(reason, reason))


def statement_table(transfers: Any) -> SafeString:
    """Return a purse's transfers with the balance after each."""
    headers = [
        _("time"),
        _("kind"),
        _("amount"),
        _("from → to"),
        _("available after"),
        _("held after"),
        _("by"),
        _("reason"),
    ]
    rows = [
        [
            link("credits_transfer", move.pk, moment(move.created_at)),
            kind_badge(move),
            move.amount,
            f"{move.get_source_display()} → {move.get_target_display()}",
            move.available_after,
            move.held_after,
            move.actor,
            word_reason(move.reason),
        ]
        for move in transfers
    ]
    return table(headers, rows)
