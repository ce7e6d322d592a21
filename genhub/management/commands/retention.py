"""`manage.py retention`: what is deleted when, now instead of at the loop's next turns, or only looked at."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from genhub.lib.commands import HubCommand
from genhub.retention import reports, turns
from genhub.retention.rules import Gone, list_rules


class Command(HubCommand):
    """Carry out every rule to its end, or say what that would delete."""

    help = "Delete what is older than its rule says; exit 1 when something could not be deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument(
            "--dry-run", action="store_true", help="delete nothing, say what would go"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object, last on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each rule: what went or would go, its age, the oldest left."""
        failed: list[str] = []
        found = reports.weigh_rules() if options["dry_run"] else self._delete(failed)
        rules = [
            rule | {"gone": as_words(found[rule["rule"]])} for rule in map(dict, reports.describe())
        ]
        if options["json"]:
            answer = {"dry_run": options["dry_run"], "ok": not failed, "rules": rules}
            self.stdout.write(json.dumps(answer))
        else:
            for rule in rules:
                self.stdout.write(describe(rule))
        if failed:
            raise CommandError(f"not all could be deleted: {', '.join(failed)}; see above")

    def _delete(self, failed: list[str]) -> dict[str, Gone]:
        found = {}
        for rule in list_rules():
            found[rule.name], failures = turns.carry_out(rule)
            reports.note(rule, found[rule.name], failures)
            if failures:
                failed.append(rule.name)
        return found


def as_words(gone: Gone) -> dict[str, int]:
    """Return what went as programs read it."""
    return {"rows": gone.rows, "files": gone.files, "bytes": gone.size_bytes}


def describe(rule: dict[str, Any]) -> str:
    """Return a rule in a line."""
    gone = rule["gone"]
    age = "for ever" if rule["age_seconds"] is None else f"{rule['age_seconds'] / 86_400:g} days"
    return (
        f"{rule['rule']:<15} kept {age:<15} {gone['rows']:>9} rows {gone['files']:>7} files "
        f"{gone['bytes']:>12} bytes   oldest left {rule['oldest_at'] or '-'}"
    )
