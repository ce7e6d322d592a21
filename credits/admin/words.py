"""How credits stand on pages: kinds as coloured words, changes with their sign, tasks as links."""

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from credits.entries import ORDER, word_reason
from credits.ledger import SYSTEM
from credits.models import Kind, Transfer
from genhub.admin.show import badge
from genhub.lib.ids import to_wire

COLOURS = {
    Kind.GRANT: "success",
    Kind.HOLD: "info",
    Kind.CAPTURE: "primary",
    Kind.RELEASE: "",
    Kind.REFUND: "success",
    Kind.EXPIRE: "warning",
    Kind.OVERRUN: "danger",
    Kind.ADJUST: "warning",
}
# What happened, to somebody who answers a customer.
SENTENCES = {
    Kind.GRANT: _("Credits put in"),
    Kind.HOLD: _("Held for a task"),
    Kind.CAPTURE: _("Paid for what was delivered"),
    Kind.RELEASE: _("Not needed, given back"),
    Kind.REFUND: _("Refunded by staff"),
    Kind.EXPIRE: _("Their time was over"),
    Kind.OVERRUN: _("Delivered beyond the hold; the hub paid"),
    Kind.ADJUST: _("Corrected by staff"),
}
HIGH_PERCENT = 80


def kind_badge(transfer: Transfer) -> SafeString:
    """Return a transfer's kind as a coloured word."""
    return badge(transfer.get_kind_display(), COLOURS[Kind(transfer.kind)])


def signed(change: int) -> SafeString | str:
    """Return a change with its sign, a dash for none."""
    if not change:
        return "–"
    sign, kind = ("+", "is-up") if change > 0 else ("−", "is-down")
    return format_html('<span class="hub-change {}">{}{}</span>', kind, sign, abs(change))


def why(transfer: Transfer) -> SafeString | str:
    """Return the reason of a transfer, and who of staff or apps moved it."""
    reason = word_reason(transfer)[1]
    if transfer.actor == SYSTEM:
        return reason
    return format_html('{} <span class="hub-note">{}</span>', reason, transfer.actor)


def task_link(transfer: Transfer, *, may_open: bool) -> SafeString | str:
    """Return the task that a transfer's hold is of, as a link for those who may open it."""
    if transfer.hold is None:
        return "–"
    reference = transfer.hold.reference
    name = to_wire(ORDER, reference)
    # The first digits of an id are a time and look alike on a page; the last do not.
    shown = f"…{name[-8:]}"
    if not may_open:
        return format_html('<code class="hub-code" title="{}">{}</code>', name, shown)
    address = reverse("admin:generation_task_change", args=[reference])
    return format_html(
        '<a href="{}" class="hub-code text-link" title="{}">{}</a>', address, name, shown
    )


def usage_bar(used: int, most: int) -> SafeString:
    """Return how much of a limit is used as a bar with its figures."""
    percent = min(100 * used // most, 100) if most else 100
    level = "is-full" if used >= most else "is-high" if percent >= HIGH_PERCENT else ""
    words = {"used": used, "most": most, "percent": percent, "level": level}
    return render_to_string("admin/credits/usage_bar.html", words)
