"""`manage.py settings_table`: the handbook's table of settings, written anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from genhub.lib.commands import HubCommand
from genhub.settings.explained.table import PAGES, SettingUnclear, renew_page


class Command(HubCommand):
    """Write the table of settings into the handbook, or say that it is out of date."""

    help = "Write the handbook's table of settings, in each language."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; exit status 1 when it is out of date",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Renew each page that differs."""
        for language, path in PAGES.items():
            try:
                page = renew_page(language)
            except SettingUnclear as error:
                raise CommandError(str(error)) from error
            if page == path.read_text("utf-8"):
                continue
            if options["check"]:
                raise CommandError(f"{path} is out of date: run manage.py settings_table")
            path.write_text(page, "utf-8")
