"""What the pages of single and bulk refunds share: who sees them, and who decides."""

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from generation.models import RefundState
from generation.refunds.errors import RefundDecided
from genhub.admin.decisions import DecisionPage
from genhub.admin.show import badge

COLOURS = {
    RefundState.PENDING: "warning",
    RefundState.APPROVED: "info",
    RefundState.REJECTED: "danger",
    RefundState.DONE: "success",
    RefundState.FAILED: "danger",
}
# Who asks for refunds sees what becomes of them; who decides sees what waits.
READERS = ("generation.approve_refunds", "credits.refund_credits")


class RefundDecisionPage(DecisionPage):
    """Refunds that wait for a second person."""

    change_form_outer_before_template = "admin/generation/refund.html"
    readers, decider = READERS, "generation.approve_refunds"
    no_right: Any = _("Deciding needs the right to approve other people's refunds.")
    own: Any = _("You asked for this refund yourself, so another person must decide.")
    decided_before = RefundDecided


def refund_badge(state: str) -> SafeString:
    """Return a refund's state as a coloured word."""
    return badge(RefundState(state).label, COLOURS[RefundState(state)])
