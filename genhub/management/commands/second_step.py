"""`manage.py second_step reset NAME --reason …`: for a hub whose owners all lost their phones."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management.base import CommandError
from django.db import transaction

from genhub.lib.commands import HubCommand
from genhub.lib.reasons import LONGEST_REASON, SHORTEST_REASON
from genhub.users.models import User
from genhub.users.second_step import remove
from genhub.users.sessions import end_all


class Command(HubCommand):
    """Remove an account's second step of signing in."""

    help = "Let an account sign in by its password alone, until it sets a new second step up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        deeds = parser.add_subparsers(dest="deed", required=True)
        reset = deeds.add_parser("reset", help="remove the phone and the recovery codes")
        reset.add_argument("username", help="the account's name")
        reset.add_argument("--reason", required=True, help="stays in the account's history")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Reset, or say in one sentence why not."""
        username, reason = options["username"], options["reason"]
        if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
            raise CommandError(f"--reason: {SHORTEST_REASON} to {LONGEST_REASON} characters")
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"there is no account {username!r}")
        if not remove(person):
            raise CommandError(f"{username} has no second step")
        end_all(person)
        # Who is at the machine has no account: the history names the one that was helped.
        LogEntry.objects.log_actions(
            person.pk, [person], CHANGE, f"Reset the second step at the machine: {reason}",
            single_object=True,
        )  # fmt: skip
        self.stdout.write(f"{username} signs in by the password alone now")
