"""What pages need that only the menu knows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from genhub.admin.cards import mark_cells
from genhub.admin.show import moment, table

register = template.Library()


@register.filter
def menu_group(request: HttpRequest) -> str:
    """Return the title of the menu's group that a page belongs to; nothing for a page that the menu does not hold."""
    match = request.resolver_match
    view = match.url_name or "" if match else ""
    for group in settings.UNFOLD["SIDEBAR"]["navigation"]:
        for item in group["items"]:
            if any(view.startswith(f"{name}_") for name in item.get("views", ())):
                return str(group["title"])
    return ""


@register.filter
def card(cells: Iterable[str], cl: Any) -> list[SafeString]:
    """Return a row's cells, each marked with its part in the card that a phone shows."""
    return list(mark_cells(cells, cl))


register.filter("moment", moment)


@register.filter
def time_of(field: Any) -> str:
    """Return the time that a field of a row holds as the hub's own pages tell it; nothing of any other field."""
    resolved: Any = getattr(field, "resolved_field", None)
    if not resolved:
        return ""
    column, _attribute, value = resolved
    return moment(value) if column and isinstance(value, datetime) else ""


@register.filter
def history(entries: Iterable[Any]) -> SafeString:
    """Return what staff did with a row: when, who, what."""
    rows = [
        [moment(entry.action_time), name_of(entry.user), entry.get_change_message()]
        for entry in entries
    ]
    return table([_("Date/time"), _("User"), _("Action")], rows)


def name_of(person: Any) -> str:
    """Return by which name a member of staff signs in, and their own where it is known."""
    own = person.get_full_name()
    return f"{person.get_username()} ({own})" if own else str(person.get_username())
