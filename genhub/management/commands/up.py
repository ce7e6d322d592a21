"""`manage.py up`: the whole hub on this machine, until Ctrl-C."""

from typing import Any

from django.conf import settings

from genhub.embedded.errors import HubError, StopAsked
from genhub.embedded.hub import Hub, addresses
from genhub.embedded.secrets import note_told
from genhub.embedded.signals import StopSignals
from genhub.lib.commands import HubCommand


class Command(HubCommand):
    """Starts every part of the hub, keeps it running, and stops it in reverse."""

    help = "Start the whole hub on this machine; Ctrl-C stops it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until somebody asks to stop."""
        with StopSignals() as signals:
            try:
                with Hub(say=self._say, signals=signals) as hub:
                    self._show_addresses()
                    hub.run()
            except StopAsked:
                self._say("GenHub stopped")
            except HubError as error:
                self._say(f"! {error}")
                raise SystemExit(1) from error

    def _say(self, line: str) -> None:
        self.stderr.write(line, self.style.SUCCESS if line.startswith("GenHub") else str)
        self.stderr.flush()

    def _show_addresses(self) -> None:
        for address in addresses():
            self.stdout.write(f"  {address.name:<10} {address.url}{address.login}")
        note_told(settings.HOME)
        self.stdout.write(f"  {'Logs':<10} {settings.HOME / 'log'}")
        self.stdout.write("Ctrl-C stops it.")
        self.stdout.flush()
