"""`manage.py orphans`: files that no row names, and rows whose files are missing."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from genhub.lib.commands import HubCommand
from storage import orphans

COUNTS = (
    "files", "size_bytes", "rows", "unnamed_files", "unnamed_bytes", "held_files", "deleted_files", "missing_rows",
)  # fmt: skip


class Command(HubCommand):
    """Look at the whole store, and delete what no row names if told to."""

    help = "Compare the store with the rows both ways; exit 1 when a row's file is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument(
            "--delete", action="store_true", help="delete the files that no row names"
        )
        parser.add_argument(
            "--days", type=int, default=orphans.USUAL_DAYS, help="look at what is older (default: %(default)s)"
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; the report is kept for the admin, too."""
        if options["days"] < 1:
            raise CommandError(
                "--days must be at least 1: what is younger may be about to have its row"
            )
        report = orphans.look(days=options["days"], deletes=options["delete"])
        counts = {name: getattr(report, name) for name in COUNTS}
        if options["json"]:
            self.stdout.write(json.dumps({**counts, "examples": report.examples}))
        else:
            for name, count in counts.items():
                self.stdout.write(f"{name:<15} {count:>15}")
            for what, names in report.examples.items():
                for name in names:
                    self.stdout.write(f"{what}: {name}")
        if report.missing_rows:
            raise CommandError(f"{report.missing_rows} rows have no file; see above")
