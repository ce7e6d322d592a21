"""Absolute addresses of this API's things: each pattern is looked up once, since an answer names several."""

from functools import cache

from django.urls import get_script_prefix, get_urlconf
from django.urls import reverse as reverse_path
from rest_framework.request import Request

# No id of ours, and nothing that an address has to quote.
PLACE = "a-place-of-an-id"


def address_of(name: str, wire_id: str, request: Request) -> str:
    """Return the address of one thing, by the name of its URL and its id on the wire, at the host that was asked."""
    before, after = split_pattern(name, get_urlconf(), get_script_prefix())
    return request.build_absolute_uri(f"{before}{wire_id}{after}")


@cache
def split_pattern(name: str, urlconf: str | None, _prefix: str) -> tuple[str, str]:
    """Return what stands before and after the id in an address."""
    before, _, after = reverse_path(name, urlconf=urlconf, args=[PLACE]).partition(PLACE)
    return before, after
