"""`manage.py export_platform CODE FOLDER`: a platform's data, to be read elsewhere."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from genhub.backups.exporting import export
from genhub.backups.taking import NoBackup
from genhub.lib.commands import HubCommand


class Command(HubCommand):
    """Write what a platform has here into a folder of its own."""

    help = (
        "Write a platform's users, purses and ledger, templates, tasks and pictures' rows into a new folder as JSON "
        "lines, with a manifest of their SHA-256, while the hub runs. No key and no secret is among them. Exit status 1 "
        "when a file is missing or is not what its row says."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("code", help="the platform's code")
        parser.add_argument("folder", type=Path, help="a folder that is new or empty")
        parser.add_argument(
            "--resume", action="store_true", help="go on with a folder whose export broke off"
        )
        parser.add_argument("--files", action="store_true", help="pictures and clips, too")
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, and say what it holds."""
        folder = options["folder"].absolute()
        try:
            manifest = export(
                options["code"],
                folder,
                with_files=options["files"],
                say=self.stderr.write,
                resumes=options["resume"],
            )
        except NoBackup as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"folder": str(folder), **manifest}))
        else:
            rows = sum(table["rows"] for table in manifest["tables"].values())
            self.stdout.write(f"{folder}: {rows} rows, as of {manifest['made_at']}")
        files = manifest.get("files", {"missing": [], "damaged": []})
        if wrong := [*files["missing"], *files["damaged"]]:
            raise CommandError(f"{len(wrong)} files are missing or damaged: {', '.join(wrong[:3])}")
