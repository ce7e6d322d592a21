"""`manage.py task`: what operators ask of one task."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from generation.models import Task
from generation.selectors.story import Moment, tell_story
from generation.selectors.tasks import PREFIX
from genhub.lib.commands import HubCommand
from genhub.lib.ids import from_wire


class Command(HubCommand):
    """Prints the whole story of a task."""

    help = "Tell what happened to a task: trace TASK."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        words = parser.add_subparsers(dest="word", required=True)
        trace = words.add_parser("trace", help="its events, credits, webhooks and staff's deeds")
        trace.add_argument("task", help="task_…")
        trace.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each moment, the oldest first."""
        task = Task.objects.filter(pk=from_wire(PREFIX, options["task"])).first()
        if task is None:
            raise CommandError(f"there is no task {options['task']!r}")
        write = as_json if options["json"] else as_line
        for moment in tell_story(task):
            self.stdout.write(write(moment))


def as_json(moment: Moment) -> str:
    """Return a moment for machines; times in UTC, ISO 8601."""
    values = {"at": moment.at.isoformat(), "source": moment.source, "kind": moment.kind}
    return json.dumps(values | {"facts": moment.facts}, ensure_ascii=False, default=str)


def as_line(moment: Moment) -> str:
    """Return a moment for people."""
    facts = ", ".join(f"{name}: {value}" for name, value in moment.facts.items() if value != "")
    return f"{moment.at.isoformat(timespec='milliseconds')}  {moment.source:8} {moment.kind:12} {facts}".rstrip()
