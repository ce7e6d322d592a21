"""`manage.py backup FOLDER`: all that must be kept, beside a hub that runs."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from genhub.backups.client_programs import ToolFailed
from genhub.backups.taking import NoBackup, take
from genhub.lib.commands import HubCommand


class Command(HubCommand):
    """Write database, local files and keys into a folder of its own."""

    help = (
        "Back up the database, the files that lie on this machine, and the home's keys into a new folder, while the hub "
        "runs. Whoever reads it can read all that the hub can. Files in buckets are left to the bucket's own versions or "
        "replication, and keys in the environment to whoever keeps that."
    )  # fmt: skip

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("folder", type=Path, help="a folder that is new or empty")
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, and say what it holds."""
        folder = options["folder"].absolute()
        try:
            manifest = take(folder, say=self.stderr.write)
        except (NoBackup, ToolFailed) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"folder": str(folder), **manifest}))
            return
        self.stdout.write(
            f"{folder}: {manifest['tasks']} tasks and {manifest['files']} files of {manifest['bytes'] / 1e6:.1f} MB, "
            f"as of {manifest['made_at']}"
        )
        if manifest["buckets"]:
            self.stdout.write(f"not in it: the files in {', '.join(manifest['buckets'])}")
