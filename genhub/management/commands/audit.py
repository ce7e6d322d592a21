"""`manage.py audit`: proof that books and tasks agree; it mends nothing."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from credits import audit
from genhub.lib.commands import HubCommand


class Command(HubCommand):
    """Run every check of the ledger and of the tasks that it pays for, and record what came of it."""

    help = "Prove the ledger and the tasks it pays for; exit 1 when anything is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")
        parser.add_argument(
            "--since",
            metavar="CHECKPOINT",
            help="read only what came after this clean audit; `last`: after the last one",
        )
        parser.add_argument(
            "--freeze", action="store_true", help="freeze every purse whose books are wrong"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Audit one consistent picture of the books beside everything that runs."""
        try:
            since = audit.read_checkpoint(options["since"]) if options["since"] else None
        except audit.NoCheckpoint as problem:
            raise CommandError(f"{options['since']}: {problem.detail}") from problem
        run = audit.prove(since, freezes=options["freeze"])
        for finding in run.findings:
            self.stderr.write(f"{finding['check']}: {', '.join(finding['rows'])}")
        if options["json"]:
            answer = {
                "ok": not run.findings,
                "checks": run.checks,
                "findings": run.findings,
                "checkpoint": None if run.findings else str(run),
                "since": str(since) if since else None,
                "seconds": run.seconds,
            }
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write(f"{run.checks} checks, {len(run.findings)} broken, {run.seconds} s")
        if run.findings:
            sys.exit(1)
