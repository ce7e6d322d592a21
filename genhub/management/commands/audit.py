"""`manage.py audit`: proof that books and tasks agree; it mends nothing."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from credits.audit import CHECKS, find_broken
from generation.selectors import AUDIT_CHECKS


class Command(BaseCommand):
    """Run every check of the ledger and of the tasks that it pays for."""

    help = "Prove the ledger and the tasks it pays for; exit 1 when anything is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Audit one consistent picture of the books beside everything that runs."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            findings = find_broken({**CHECKS, **AUDIT_CHECKS})
        for finding in findings:
            self.stderr.write(f"{finding.check}: {', '.join(finding.rows)}")
        count = len(CHECKS) + len(AUDIT_CHECKS)
        if options["json"]:
            answer = {"ok": not findings, "checks": count, "findings": [vars(f) for f in findings]}
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write(f"{count} checks, {len(findings)} broken")
        if findings:
            sys.exit(1)
