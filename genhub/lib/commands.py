"""What the hub's own `manage.py` commands have in common."""

import getpass
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError


class HubCommand(BaseCommand):
    """A command that begins at once: `manage.py check` looks at the release, for which it imports every page."""

    requires_system_checks: list[str] = []


def ask_who(parser: ArgumentParser) -> None:
    """Let a command line say who acts."""
    parser.add_argument("--by", default="", help="who (default: you)")


def find_who(said: str) -> str:
    """Return who acts: who was said, or whom the system calls the process's user; raise CommandError where it has no
    name for that number, as in many containers."""
    try:
        return said or getpass.getuser()
    except (KeyError, OSError) as error:
        raise CommandError("the system has no name for you: say it by --by") from error
