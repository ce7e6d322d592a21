"""How credits stand on pages: kinds as coloured words, changes with their sign, tasks as links."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credits.entries import ORDER, PICTURE, word_reason
from credits.ledger import SYSTEM
from credits.models import GrantRequest, Kind, Reason, Transfer
from genhub.admin.show import badge, link
from genhub.lib.ids import to_wire

COLOURS = {
    Kind.GRANT: "success",
    Kind.HOLD: "info",
    Kind.CAPTURE: "",
    Kind.RELEASE: "success",
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
    Kind.OVERRUN: _("%(amount)s credits more were delivered than held; the hub paid"),
    Kind.ADJUST: _("Corrected by staff"),
}
HIGH_PERCENT = 80


def kind_badge(transfer: Transfer) -> SafeString:
    """Return a transfer's kind as a coloured word."""
    return badge(transfer.get_kind_display(), COLOURS[Kind(transfer.kind)])


def tell(transfer: Transfer) -> str:
    """Return what happened, in words."""
    return str(SENTENCES[Kind(transfer.kind)]) % {"amount": transfer.amount}


def link_for(request: HttpRequest, view: str, key: Any, text: str) -> SafeString | str:
    """Return a link to a row's page, such as view `credits_lot`, for those who may see it; else the text alone."""
    app, _underscore, model = view.partition("_")
    return link(view, key, text) if request.user.has_perm(f"{app}.view_{model}") else text


def may_see_purses(request: HttpRequest) -> bool:
    """Return whether a member of staff may see what users have: a balance after a transfer is one, too."""
    return bool(request.user.has_perm("credits.view_purse"))


def signed(change: int, *, is_gain: bool = False) -> SafeString | str:
    """Return a change with its sign, a dash for none; in green where the customer has more to spend."""
    if not change:
        return "–"
    kind = "hub-change is-more" if is_gain and change > 0 else "hub-change"
    return format_html(
        '<span class="{}">{}{}</span>', kind, "+" if change > 0 else "−", abs(change)
    )


def why(transfer: Transfer, approval: GrantRequest | None = None) -> SafeString | str:
    """Return the reason of a transfer, who of staff or apps moved it, and who approved it why, if anybody had to."""
    reason = word_reason(transfer)[1]
    if transfer.actor == SYSTEM:
        return reason
    told = format_html('{} <span class="hub-note">{}</span>', reason, transfer.actor)
    if approval is None:
        return told
    return format_html('{} <span class="hub-note">· {}</span>', told, word_approval(approval))


def word_approval(approval: GrantRequest) -> str:
    """Return who approved a grant or correction, and why."""
    facts = {"person": approval.decided_by, "decision": approval.decision}
    return gettext("approved by %(person)s: %(decision)s") % facts


def task_link(transfer: Transfer, *, may_open: bool) -> SafeString | str:
    """Return the task, or the edited picture, that a transfer's hold is of, as a link for those who may open it."""
    if transfer.hold is None:
        return "–"
    reference = transfer.hold.reference
    is_edit = transfer.reason == Reason.EDIT
    name = to_wire(PICTURE if is_edit else ORDER, reference)
    # The first digits of an id are a time and look alike on a page; the last do not.
    shown = f"…{name[-8:]}"
    if not may_open:
        return format_html('<code class="hub-code hub-short" title="{}">{}</code>', name, shown)
    address = reverse(
        f"admin:{'storage_artifact' if is_edit else 'generation_task'}_change", args=[reference]
    )
    return format_html(
        '<a href="{}" class="hub-code hub-short text-link" title="{}">{}</a>', address, name, shown
    )


def usage_bar(used: int, most: int) -> SafeString:
    """Return how much of a limit is used as a bar with its figures."""
    percent = min(100 * used // most, 100) if most else 100
    level = "is-full" if used >= most else "is-high" if percent >= HIGH_PERCENT else ""
    words = {"used": used, "most": most, "percent": percent, "level": level}
    return render_to_string("admin/credits/usage_bar.html", words)
