"""`manage.py templates`: writes templates to a file of text, and reads them back as drafts."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from genhub.admin.pages import word_lines
from genhub.lib.commands import HubCommand
from genhub.lib.errors import InvalidRequest
from templates.errors import VersionNotPublishable
from templates.exchange import LARGEST_BYTES, import_yaml, list_newest, write_yaml


class Command(HubCommand):
    """Exports and imports templates."""

    help = "Write templates as YAML: export [CODE …]. Read drafts from it: import FILE [--dry-run]."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        words = parser.add_subparsers(dest="word", required=True)
        out = words.add_parser(
            "export", help="the newest version of each template, to standard output"
        )
        out.add_argument("codes", nargs="*", metavar="CODE", help="these alone")
        taken = words.add_parser(
            "import", help="make a draft of each template of a file; all or none"
        )
        taken.add_argument("file", help="a file, or - for standard input")
        taken.add_argument(
            "--dry-run", action="store_true", help="say what would happen, write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, or read."""
        if options["word"] == "export":
            self.export(options["codes"])
        else:
            self.take(read_file(options["file"]), dry_run=options["dry_run"])

    def export(self, codes: list[str]) -> None:
        """Print the templates as YAML."""
        found = list_newest(codes)
        known = {version.template.code for version in found}
        if lacking := sorted(set(codes) - known):
            raise CommandError(f"there is no template {', '.join(lacking)}")
        self.stdout.write(write_yaml(found), ending="")

    def take(self, text: str, *, dry_run: bool) -> None:
        """Print a line for each template, and what keeps its draft from being published."""
        try:
            done = import_yaml(text, dry_run=dry_run)
        except InvalidRequest as refusal:
            raise CommandError(
                "\n".join(["nothing was imported", *word_lines(refusal)])
            ) from refusal
        for one in done:
            self.stdout.write(f"{one.code}: {one.deed}")
            for line in word_lines(VersionNotPublishable(errors=one.mistakes)):
                self.stdout.write(f"  ! {line}")


def read_file(name: str) -> str:
    """Return a file's text, of no more bytes than are taken."""
    try:
        if name == "-":
            return sys.stdin.read(LARGEST_BYTES + 1)
        with Path(name).open(encoding="utf-8") as file:
            return file.read(LARGEST_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error
