"""`manage.py restore FOLDER`: a hub made again of a backup."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from genhub.backups.bringing import bring_back
from genhub.backups.client_programs import ToolFailed
from genhub.backups.taking import NoBackup
from genhub.embedded.errors import HubError
from genhub.lib.commands import HubCommand


class Command(HubCommand):
    """Fill an empty database and home."""

    help = (
        "Make a hub again of a backup, in an empty database and home. What may have reached a vendor since the backup is "
        "in doubt afterwards and never sent twice; with --moved, when no hub ran since, all goes on where it stood. Then "
        "run `prepare`, start the hub, and run `audit` and `doctor`."
    )  # fmt: skip

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("folder", type=Path, help="what `backup` wrote")
        parser.add_argument(
            "--moved", action="store_true", help="the hub was stopped before the backup"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring it back, and say what became of the orders that were under way."""
        folder = options["folder"].absolute()
        try:
            told = bring_back(folder, is_moved=options["moved"], say=self.stderr.write)
        except (NoBackup, ToolFailed, HubError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(
            f"{told['under_way']} orders were under way; {told['in_doubt']} of them may be at a vendor and wait for "
            "staff. Next: prepare, start the hub, audit, doctor"
        )
