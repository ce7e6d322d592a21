"""Time zones by their IANA names: the hub's own, and how far one is from UTC."""

import zoneinfo
from datetime import datetime
from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    """Refuse a name that the IANA time zone database does not hold."""
    # `localtime` is a machine's own file, no zone, and unknown to the database.
    if name == "localtime" or name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not an IANA time zone."), params={"name": name})


@cache
def list_zones() -> tuple[str, ...]:
    """Return the names that people choose from: a place each, and UTC."""
    names = zoneinfo.available_timezones()
    places = (name for name in names if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return ("UTC", *sorted(places))


def hub_zone() -> zoneinfo.ZoneInfo:
    """Return the zone whose days the hub's figures count."""
    return zoneinfo.ZoneInfo(settings.HUB_TIME_ZONE)


def word_offset(at: datetime) -> str:
    """Return how far an aware time's zone is from UTC, such as UTC+08:00."""
    offset = at.strftime("%z")
    return "UTC" if offset in {"+0000", "-0000"} else f"UTC{offset[:3]}:{offset[3:5]}"
