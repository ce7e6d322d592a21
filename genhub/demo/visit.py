"""A hub that somebody else runs in this home: found, waited for, used, left running."""

import time
from collections.abc import Callable

from django.conf import settings

from genhub.embedded.errors import HubError, StopAsked
from genhub.embedded.hub import web_url
from genhub.embedded.lock import read_facts
from genhub.embedded.signals import StopSignals

START_SECONDS = 120.0


class VisitedHub:
    """Stands where a Hub of our own would; stops nothing, restarts nothing."""

    def __init__(self, *, say: Callable[[str], None], signals: StopSignals) -> None:
        self._say = say
        self._signals = signals

    def wait(self) -> None:
        """Wait until the other hub says that it is ready."""
        give_up_at = time.monotonic() + START_SECONDS
        while not (facts := read_facts(settings.HOME)).get("is_ready"):
            if time.monotonic() > give_up_at:
                raise HubError(f"the hub that runs in {settings.HOME} does not become ready")
            self.tend()
            time.sleep(0.2)
        if facts.get("url") != web_url():
            raise HubError(
                f"the hub that runs in {settings.HOME} listens at {facts.get('url')}: "
                "set GENHUB_PORT (and GENHUB_HOST) to the same"
            )
        self._say(f"GenHub already runs at {web_url()}; this demo uses it")

    def tend(self) -> None:
        """Raise StopAsked when somebody asked to stop."""
        if self._signals.is_stopping():
            raise StopAsked
