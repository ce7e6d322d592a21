"""`manage.py doctor`: what is wrong with this installation, and how to mend it."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from genhub.doctor import hub, machine, receivers, reports, servers, store
from genhub.doctor.findings import Finding, Look, Verdict, examine
from genhub.lib.commands import HubCommand

ALONE: dict[str, Look] = {
    "versions": machine.look_at_versions,
    "disk": machine.look_at_disk,
    "open files": machine.look_at_files,
    "secrets": machine.look_at_secrets,
    "broker": servers.look_at_broker,
    "store": store.look_at_store,
    "labels": store.look_at_labels,
    "static files": hub.look_at_static,
    "PUBLIC_URL": hub.look_at_public_address,
    "alerts": hub.look_at_alerts,
    "traces": reports.look_at_traces,
    "errors": reports.look_at_errors,
}
# What asks the database; the tables first, since without them all others complain of the same.
OF_ROWS: dict[str, Look] = {
    "clock": servers.look_at_clock,
    "guards": servers.look_at_role,
    "pooler": servers.look_at_pooler,
    "news": servers.look_at_news,
    "health": hub.look_at_health,
    "engine": machine.look_at_cards,
    "sealed keys": hub.look_at_secrets_kept,
    "providers": hub.look_at_accounts,
    "webhooks": hub.look_at_webhooks,
    "receivers": receivers.look_at_receivers,
    "audit": hub.look_at_audit,
}
MARKS = {Verdict.GOOD: "·", Verdict.WARNING: "!", Verdict.FAULT: "✗"}


class Command(HubCommand):
    """Try each part as the hub uses it."""

    help = (
        "Look at everything that the hub stands on, by doing: database, broker, buckets, clock, disk, secrets, rights, "
        "workers, loops, webhooks. Exit status 1 when something is at fault; warnings alone leave it 0."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each finding as it comes, with its mend."""
        found = []
        for finding in look():
            found.append(finding)
            if not options["json"]:
                self.stdout.write(f"{MARKS[finding.verdict]} {finding.name}: {finding.said}")
                if finding.mend:
                    self.stdout.write(f"    → {finding.mend}")
        counts = {verdict: sum(one.verdict == verdict for one in found) for verdict in Verdict}
        if options["json"]:
            answer = {"counts": counts, "findings": [one.to_json() for one in found]}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        faults, warnings = counts[Verdict.FAULT], counts[Verdict.WARNING]
        if faults:
            raise CommandError(f"{faults} faults, {warnings} warnings")
        if not options["json"]:
            self.stdout.write(f"no fault, {warnings} warnings")


def look() -> Iterator[Finding]:
    """Look at everything; what needs the tables is left out where they are not."""
    for name, one in ALONE.items():
        yield from examine(name, one)
    for name, needed in (
        ("database", servers.look_at_database),
        ("tables", servers.look_at_tables),
    ):
        is_there = True
        for finding in examine(name, needed):
            is_there &= finding.verdict != Verdict.FAULT or finding.name == "durability"
            yield finding
        if not is_there:
            return
    for name, one in OF_ROWS.items():
        yield from examine(name, one)
