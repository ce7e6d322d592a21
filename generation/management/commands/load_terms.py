"""`manage.py load_terms FILE`: add a list of terms, one a line; again it adds only what is new."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from generation.models import Term
from generation.models.term import Category, Language
from generation.moderation.loading import load_lines
from genhub.lib.commands import HubCommand

# Of lines that are no terms, so many are named.
MOST_NAMED = 20


class Command(HubCommand):
    """Load a list of terms and say what was new."""

    help = (
        "Add the terms of a file (UTF-8, one a line) to those that prompts are held against. “#” begins a comment, “!” "
        "a text that is never refused, such as “!naked eye”. Terms that are there stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--language", choices=Language.values, default=Language.ZH)
        parser.add_argument("--category", choices=Category.values, default=Category.OTHER)
        parser.add_argument(
            "--kind", choices=[Term.Kind.WORD, Term.Kind.PHRASE],
            help="how they are found; without it: Chinese anywhere, all else as whole words",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and name the lines that are no terms."""
        try:
            lines = options["file"].read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} is not read: {error}") from error
        kind = Term.Kind(options["kind"]) if options["kind"] else None
        loaded = load_lines(
            lines, language=Language(options["language"]), category=Category(options["category"]), kind=kind
        )  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(vars(loaded)))
        else:
            self.stdout.write(f"{loaded.new} terms new, {loaded.known} there before")
        if loaded.refused:
            named = ", ".join(map(str, loaded.refused[:MOST_NAMED]))
            self.stderr.write(
                f"! {len(loaded.refused)} lines are no terms (no letters, or too long): {named}"
            )
