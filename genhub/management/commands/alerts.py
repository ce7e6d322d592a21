"""`manage.py alerts`: what is wrong now, and whether staff would hear of it."""

import json
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import translation

from genhub.alerts import channels, words
from genhub.alerts.channels import NotTold
from genhub.alerts.models import NOTICE
from genhub.alerts.noting import list_open
from genhub.lib import remembered
from genhub.lib.commands import HubCommand
from genhub.lib.ids import to_wire

TEST = "test"


class Command(HubCommand):
    """Lists open alerts, or sends a test by each channel."""

    help = (
        "Alerts that are open now; `test` sends a test by each channel that is set, says what happened, and ends with "
        "status 1 when one did not take it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("word", nargs="?", choices=[TEST], help="send a test by each channel")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is asked."""
        if options["word"] == TEST:
            self.test(as_json=options["json"])
        else:
            self.list(as_json=options["json"])

    def list(self, *, as_json: bool) -> None:
        """Print what is open."""
        with translation.override("en"):
            found = [
                words.data_of(alert) | {"title": words.title_of(alert), "text": words.text_of(alert)}
                for alert in list_open()
            ]  # fmt: skip
        if as_json:
            self.stdout.write(json.dumps({"open": found, "channels": channels.list_set()}, ensure_ascii=False))  # fmt: skip
            return
        for one in found:
            self.stdout.write(f"{one['began_at']}  {one['title']}. {one['text']}")
        if not found:
            self.stdout.write("No alert is open.")
        if not channels.list_set():
            self.stdout.write("Nobody is told: set ALERT_MAIL_TO or ALERT_WEBHOOK_URL.")

    def test(self, *, as_json: bool) -> None:
        """Send a test by each channel."""
        told = {channel.value: try_channel(channel) for channel in channels.list_set()}
        if not told:
            raise CommandError("no channel is set: set ALERT_MAIL_TO or ALERT_WEBHOOK_URL")
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            for channel in channels.list_set():
                self.stdout.write(f"{channel} to {channels.describe(channel)}: {told[channel] or 'told'}")  # fmt: skip
        if any(told.values()):
            raise CommandError("not every channel took it")


def try_channel(channel: channels.Channel) -> str:
    """Send a test by a channel, and return why it was not taken; empty: it was."""
    letter = words.write_test(to_wire(NOTICE, uuid.uuid4()), remembered.now())
    try:
        channels.tell(channel, letter)
    except NotTold as error:
        return str(error)
    return ""
