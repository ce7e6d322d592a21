"""What becomes of a grant or correction that staff asked for: moved, or waiting for a second person."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from credits.models import GrantKind, GrantRequest, GrantState, Purse
from genhub.admin.base import HubAdmin

APPROVER = "credits.approve_grants"
# Who asks sees what becomes of it, who decides sees what waits.
READERS = (APPROVER, "credits.grant_credits", "credits.adjust_credits")


def may_see_requests(request: HttpRequest) -> bool:
    """Return whether a member of staff may open the pages of grants to approve."""
    rights = ("credits.view_grantrequest", *READERS)
    return any(request.user.has_perm(right) for right in rights)


def read_wish(
    request: HttpRequest, purse: Purse, kind: GrantKind, words: dict[str, Any], **more: Any
) -> GrantRequest:
    """Return what a form asks for, unsaved."""
    person: Any = request.user
    return GrantRequest(
        id=words["once"],
        purse=purse,
        kind=kind,
        reason=words["reason"],
        requested_by=person,
        **more,
    )


def tell_waiting(
    page: HubAdmin, request: HttpRequest, row: GrantRequest, *, is_new: bool
) -> str | None:
    """Say that a wish waits, and return the address of its page; None when it is done."""
    if row.state == GrantState.DONE:
        return None
    if is_new:
        facts = {"amount": f"{row.amount:+d}", "reason": row.reason}
        text = gettext(
            "Asked for %(amount)s credits, which a second person must approve: %(reason)s"
        )
        page.log_change(request, row.purse, text % facts)
        text = gettext(
            "%(amount)s credits wait for a second person's approval. Nothing was moved yet."
        )
        messages.warning(request, text % facts)
    else:
        text = gettext("This was asked for before: %(state)s. Nothing more was done.")
        messages.info(request, text % {"state": row.get_state_display()})
    return request_page(row)


def request_page(row: GrantRequest) -> str:
    """Return the address of a request's page."""
    return reverse("admin:credits_grantrequest_change", args=[row.pk])


def list_waiting(request: HttpRequest, rows: list[GrantRequest]) -> list[tuple[str, str]]:
    """Return what waits at a purse in words, each with its page for those who may open it."""
    may_open = may_see_requests(request)
    text = gettext("%(kind)s: %(amount)s credits, asked for by %(person)s: %(reason)s")
    return [
        (
            text
            % {
                "kind": capfirst(row.get_kind_display()),
                "amount": f"{row.amount:+d}",
                "person": row.requested_by,
                "reason": row.reason,
            },
            request_page(row) if may_open else "",
        )
        for row in rows
    ]
