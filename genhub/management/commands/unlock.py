"""`manage.py unlock`: let an account that was tried too often sign in again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from genhub.lib import throttle
from genhub.lib.commands import HubCommand
from genhub.users.models import User
from genhub.users.signing_in import unlock


class Command(HubCommand):
    """Unlock an account for every address."""

    help = "Let an account sign in again after too many wrong tries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("username", help="the account's name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Unlock, or say in one sentence why not."""
        username = options["username"]
        if not User.objects.filter(username=username).exists():
            raise CommandError(f"there is no account {username!r}")
        counters = throttle.counters()
        unlock(username)
        if counters.shared is None or counters.away_until:
            raise CommandError(
                "the broker does not answer: each web process counts by itself, and forgets when it is restarted"
            )
        self.stdout.write(f"{username} may sign in again")
