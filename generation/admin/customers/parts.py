"""The parts of a customer's page, each for those who may see it: orders, refunds, credits, keys, what is kept."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from credits.admin.budget import budgets_table
from credits.admin.hold import holds_table
from credits.admin.lot import lots_table
from credits.admin.words import link_for
from generation.admin.customers.stopping import stops_table
from generation.admin.refunds.decisions import READERS, refund_badge
from generation.admin.words import Picture, picture_of, task_badge
from generation.selectors.customers import Customer
from genhub.admin.show import code, leads, link, moment, table
from genhub.platforms.browser_tokens.admin import token_badge
from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.browser_tokens.tokens import mark_alive
from genhub.platforms.key_admin import mark_expired, state_badge
from genhub.platforms.models import ApiKey

MOST: Final = 15
PICTURES: Final = 24
LONGEST_PROMPT: Final = 80
Part = Callable[[HttpRequest, Customer], SafeString | str | None]


def orders(request: HttpRequest, customer: Customer) -> SafeString | str:
    """Return the newest orders, and the way to all of them."""
    rows = [
        [
            format_html(
                '<a href="{}" class="text-link">{}</a>',
                reverse("admin:generation_task_change", args=[task.pk]),
                Truncator(task.spec.get("prompt") or str(task)).chars(LONGEST_PROMPT),
            ),
            task_badge(task),
            task.model,
            task.num_images,
            task.price,
            moment(task.created_at),
        ]
        for task in customer.tasks[:MOST]
    ]
    if not rows:
        return gettext("None yet.")
    headers = [_("prompt"), _("state"), _("model"), _("pictures"), _("price"), _("created")]
    whose = {"platform__id__exact": customer.platform.pk, "user__exact": customer.user}
    where = f"{reverse('admin:generation_task_changelist')}?{urlencode(whose)}"
    return table(headers, rows) + leads(where, gettext("All orders of this user"))


def refunds(request: HttpRequest, customer: Customer) -> SafeString | str:
    """Return the newest refunds that staff asked for."""
    rows = [
        [
            link("generation_refundrequest", row.pk, row.amount),
            refund_badge(row.state),
            row.reason,
            row.requested_by,
            link_for(request, "generation_task", row.task_id, str(row.task)),
            moment(row.created_at),
        ]
        for row in customer.refunds[:MOST]
    ]
    headers = [_("amount"), _("state"), _("reason"), _("requested by"), _("task"), _("asked at")]
    return table(headers, rows) if rows else gettext("None yet.")


def lots(request: HttpRequest, customer: Customer) -> SafeString | None:
    """Return the credits that expire."""
    return lots_table(request, customer.purse) if customer.purse else None


def holds(request: HttpRequest, customer: Customer) -> SafeString | None:
    """Return what is held now."""
    return holds_table(request, customer.purse) if customer.purse else None


def budgets(request: HttpRequest, customer: Customer) -> SafeString | None:
    """Return the budgets of the purse and of keys made for this user."""
    return budgets_table(request, customer.purse) if customer.purse else None


def keys(request: HttpRequest, customer: Customer) -> SafeString | None:
    """Return the keys that speak for this user alone."""
    found = ApiKey.objects.filter(platform=customer.platform, user=customer.user)
    rows = [
        [
            link("platforms_apikey", key.pk, code(f"{key.prefix}…")),
            key.name,
            state_badge(key),
            moment(key.last_used_at),
            moment(key.created_at),
        ]
        for key in mark_expired(found).order_by("-created_at")[:MOST]
    ]
    headers = [_("API key"), _("name"), _("state"), _("last used"), _("created")]
    return table(headers, rows) if rows else None


def tokens(request: HttpRequest, customer: Customer) -> SafeString | None:
    """Return the browser tokens that speak for this user, newest first; they go a day after their end."""
    found = BrowserToken.objects.filter(platform=customer.platform, user=customer.user)
    rows = [
        [
            link("platforms_browsertoken", token.pk, code(f"{token.prefix}…")),
            ", ".join(token.origins),
            token_badge(token),
            moment(token.last_used_at),
            moment(token.expires_at),
        ]
        for token in mark_alive(found).order_by("-id")[:MOST]
    ]
    headers = [_("browser token"), _("origins"), _("state"), _("last used"), _("expires at")]
    return table(headers, rows) if rows else None


# Title, content, and the rights of which one opens it.
PARTS: tuple[tuple[Any, Part, tuple[str, ...]], ...] = (
    (_("Stops"), stops_table, ("credits.view_stop", "credits.stop_users")),
    (_("Orders"), orders, ("generation.view_task",)),
    (_("Refunds"), refunds, ("generation.view_refundrequest", *READERS)),
    (_("Held for orders under way"), holds, ("credits.view_purse",)),
    (_("Credits that expire, soonest first"), lots, ("credits.view_purse",)),
    (_("Budgets"), budgets, ("credits.view_budget",)),
    (_("API keys of this user"), keys, ("platforms.view_apikey",)),
    (_("Browser tokens"), tokens, ("platforms.view_browsertoken",)),
)


def list_parts(request: HttpRequest, customer: Customer) -> list[tuple[str, SafeString | str]]:
    """Return the parts that this member of staff may see, and that there are."""
    found = [
        (str(title), part(request, customer))
        for title, part, rights in PARTS
        if any(map(request.user.has_perm, rights))
    ]
    return [(title, content) for title, content in found if content]


def list_pictures_of(
    request: HttpRequest, customer: Customer
) -> list[tuple[str, Picture, str]] | None:
    """Return the newest pictures, each with the address and prompt of its task; None for those who may not see them."""
    if not request.user.has_perm("generation.view_task"):
        return None
    return [
        (
            reverse("admin:generation_task_change", args=[output.task_id]),
            picture_of(output),
            output.task.spec.get("prompt", ""),
        )
        for output in customer.list_outputs(PICTURES)
    ]
