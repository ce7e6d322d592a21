"""Receivers of webhooks: each is reached as a delivery would reach it, and told nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from django.conf import settings

from genhub.doctor.findings import Finding, good, warning
from genhub.lib.fetch import FetchRefused
from genhub.lib.posting import reach
from genhub.webhooks.models import Endpoint

REACH_SECONDS, AT_ONCE = 5, 8
# Of the endpoints, the newest; and of those that fail, so many are named.
MOST, SHOWN = 100, 5


def look_at_receivers() -> Iterator[Finding]:
    """Connect to each endpoint that is on: its name may be unknown, its port closed, its certificate another's."""
    endpoints = Endpoint.objects.filter(is_enabled=True, removed_at=None).exclude(url="")
    # An address may hold a password of its platform's: its host is all that is told.
    places = sorted(
        {origin(url) for url in endpoints.order_by("-id").values_list("url", flat=True)[:MOST]}
    )
    with ThreadPoolExecutor(AT_ONCE) as pool:
        failed = [error for error in pool.map(try_to_reach, places) if error]
    if failed:
        yield warning(
            "receivers",
            f"{len(failed)} of {len(places)} cannot be reached from here: {'; '.join(failed[:SHOWN])}",
            "tell their platforms, or open the way out; WEBHOOK_HOSTS names those inside your network",
        )
    elif places:
        yield good("receivers", f"each can be reached ({len(places)})")
    else:
        yield good("receivers", "no platform has named one")


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"


def try_to_reach(place: str) -> str:
    """Return why a receiver cannot be reached, or nothing."""
    try:
        reach(place, seconds=REACH_SECONDS, private_hosts=settings.WEBHOOK_HOSTS)
    except FetchRefused as error:
        return f"{place} ({error})"
    return ""
