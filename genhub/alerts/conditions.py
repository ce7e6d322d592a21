"""What a look at the hub finds. Who knows what to look at registers itself by the setting ALERT_PROBES."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from genhub.alerts.models import LONGEST_ABOUT, Alert
from genhub.lib.connections import release_connection

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Condition:
    """Something wrong now: with what, and the figures for its words."""

    about: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """A look at one kind. `place` names this machine for what every machine must say of itself; empty: anybody sees it
    all."""

    kind: Alert.Kind
    find: Callable[[], Iterable[Condition]]
    place: str = ""


@dataclass
class Findings:
    """What was found, and of what it was found out: where a look broke, nothing is known."""

    conditions: dict[tuple[str, str], Condition] = field(default_factory=dict)
    judged: set[tuple[str, str]] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def is_known(self, kind: str, about: str) -> bool:
        """Return whether this look can tell of such a condition."""
        return bool({(kind, ""), (kind, about)} & self.judged)

    def is_of_machines(self, kind: str) -> bool:
        """Return whether each machine tells of its own."""
        return any(place and judged == kind for judged, place in self.judged)


def look() -> Findings:
    """Look at everything; a look that breaks is logged and hides no other."""
    found = Findings()
    for path in settings.ALERT_PROBES:
        for probe in import_string(path):
            try:
                seen = list(probe.find())
            except Exception:
                logger.exception("the look for %s failed", probe.kind)
                found.broken.append(probe.kind)
                # What broke may have been the connection.
                release_connection()
                continue
            found.judged.add((probe.kind, probe.place))
            found.conditions |= {(probe.kind, one.about[:LONGEST_ABOUT]): one for one in seen}
    return found
