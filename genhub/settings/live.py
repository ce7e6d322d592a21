"""Streams of events: where their process listens, and how many there may be."""

from typing import Any

from genhub.settings.addresses import refuse
from genhub.settings.parts import at_least, first


def read_events(default: str) -> dict[str, Any]:
    """Return the settings of the events process; an address that is none is refused."""
    address = first("EVENTS_ADDRESS", default=default)
    host, _, port = address.rpartition(":")
    if not address.startswith("unix:/") and not (host and port.isdecimal()):
        raise refuse("EVENTS_ADDRESS", address, "host:port or unix:/path, such as 127.0.0.1:8001")
    return {
        "address": address,
        "streams": at_least("EVENTS_STREAMS", 2000, 1),
        "streams_per_key": at_least("EVENTS_STREAMS_PER_KEY", 200, 1),
    }
