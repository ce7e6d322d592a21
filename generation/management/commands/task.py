"""`manage.py task`: what operators ask of one task, and do to it."""

import json
from argparse import ArgumentParser
from contextlib import ExitStack
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from generation.errors import NotInDoubt
from generation.life import by_hand as hands
from generation.models import Task
from generation.selectors.story import Moment, tell_story
from generation.selectors.tasks import PREFIX, find_doubt
from generation.work import by_hand
from generation.work.by_hand import Brought, FileRefused
from genhub.lib.commands import HubCommand, ask_who, find_who
from genhub.lib.ids import from_wire

NO_DOUBT = "nothing is in doubt here"


class Command(HubCommand):
    """Prints the whole story of a task, or delivers what its vendor made."""

    help = "Tell what happened to a task: trace TASK; or deliver what was made for one in doubt: bring TASK FILE."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        words = parser.add_subparsers(dest="word", required=True)
        trace = words.add_parser("trace", help="its events, credits, webhooks and staff's deeds")
        trace.add_argument("task", help="task_…")
        trace.add_argument("--json", action="store_true", help="one JSON object a line")
        bring = words.add_parser("bring", help="deliver and charge what its vendor made for it")
        bring.add_argument("task", help="task_…")
        bring.add_argument("files", metavar="FILE", nargs="+", type=Path, help="PNG, JPEG, WebP, or MP4 of a clip")  # fmt: skip
        bring.add_argument("--reason", required=True, help="why one believes so, for its story")
        ask_who(bring)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each moment, the oldest first; or bring files."""
        task = Task.objects.filter(pk=from_wire(PREFIX, options["task"])).first()
        if task is None:
            raise CommandError(f"there is no task {options['task']!r}")
        if options["word"] == "bring":
            bring_files(
                task, options["files"], by=find_who(options["by"]), reason=options["reason"]
            )
            self.stdout.write(f"{task} is delivered")
            return
        write = as_json if options["json"] else as_line
        for moment in tell_story(task):
            self.stdout.write(write(moment))


def bring_files(task: Task, paths: list[Path], *, by: str, reason: str) -> None:
    """Deliver files as what a vendor made for an order in doubt; raise CommandError where that cannot be."""
    attempt = find_doubt(task.pk)
    if attempt is None:
        raise CommandError(NO_DOUBT)
    if len(paths) > task.num_images:
        raise CommandError(f"the order is for {task.num_images}, and these are {len(paths)}")
    with ExitStack() as stack:
        try:
            files = [name_file(path, stack) for path in paths]
        except OSError as error:
            raise CommandError(str(error)) from error
        if not by_hand.can_store(task):
            raise CommandError("nothing here looks at clips: bring it where workers run")
        try:
            with by_hand.storing(attempt.pk, files, by=by) as (claim, stored):
                hands.deliver(claim, stored, by=by, reason=reason)
        except FileRefused as refused:
            raise CommandError(f"{refused.name} is not taken: {refused.code}") from refused
        except NotInDoubt as error:
            raise CommandError(NO_DOUBT) from error


def name_file(path: Path, stack: ExitStack) -> Brought:
    """Open a file, until the stack ends, as somebody brings it."""
    return Brought(path.name, guess_type(path.name)[0] or "", stack.enter_context(path.open("rb")))


def as_json(moment: Moment) -> str:
    """Return a moment for machines; times in UTC, ISO 8601."""
    values = {"at": moment.at.isoformat(), "source": moment.source, "kind": moment.kind}
    return json.dumps(values | {"facts": moment.facts}, ensure_ascii=False, default=str)


def as_line(moment: Moment) -> str:
    """Return a moment for people."""
    facts = ", ".join(f"{name}: {value}" for name, value in moment.facts.items() if value != "")
    return f"{moment.at.isoformat(timespec='milliseconds')}  {moment.source:8} {moment.kind:12} {facts}".rstrip()
