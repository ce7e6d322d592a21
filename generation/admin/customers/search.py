"""Customers in the admin's command search."""

from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.dataclasses import SearchResult

from generation.selectors.customers import find_platforms
from genhub.admin.customers import customer_page
from genhub.settings.unfold import CUSTOMER_RIGHTS


def find_by_name(request: HttpRequest, _term: str) -> list[SearchResult]:
    """Return the pages of users of this very name, for those who may open them."""
    # As it was typed: what the theme hands over is in small letters.
    name = request.GET.get("s", "")
    if "\0" in name or not any(map(request.user.has_perm, CUSTOMER_RIGHTS)):
        return []
    return [
        SearchResult(f"{name} @ {one}", gettext("Customer"), customer_page(one.code, name), "face")
        for one in find_platforms(name)
    ]
