"""Whose time the admin tells: that of a member of staff who chose a zone, else the hub's. The API tells UTC."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from genhub.lib.zones import hub_zone

ADMIN = "/admin/"


def zone_of(user: Any) -> zoneinfo.ZoneInfo:
    """Return the zone of whoever looks at a page; a name that this machine's database lost means the hub's."""
    name = getattr(user, "time_zone", "")
    try:
        return zoneinfo.ZoneInfo(name) if name else hub_zone()
    except zoneinfo.ZoneInfoNotFoundError:
        return hub_zone()


class ZoneMiddleware:
    """Tell the times of the admin's pages, and read those that are typed there, in the zone of who looks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if not request.path_info.startswith(ADMIN):
            return self.get_response(request)
        with timezone.override(zone_of(request.user)):
            return self.get_response(request)
