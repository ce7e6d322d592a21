"""`manage.py queue`: how the queues stand, and what operators do with them."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from generation.life import moving, steering
from generation.models import Account, Queue
from generation.selectors.live import read_states
from generation.selectors.queue import count_at_work, count_waiting, list_paused_accounts
from generation.selectors.tasks import PREFIX
from genhub.lib.commands import HubCommand, ask_who, find_who
from genhub.lib.errors import Problem
from genhub.lib.ids import from_wire
from genhub.lib.reasons import LONGEST_REASON, SHORTEST_REASON

PRIORITIES = tuple(word for word in moving.WORDS if word not in {moving.FIRST, moving.LAST})


class Command(HubCommand):
    """Tells how the queues stand; pauses, drains and resumes them; moves waiting orders."""

    help = "Queues: status, pause, drain, resume, move, prioritise. What is at work ends; orders are still taken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        words = parser.add_subparsers(dest="word")
        status = words.add_parser("status", help="each queue and who holds it up (the default)")
        status.add_argument("--json", action="store_true", help="one JSON object")
        for word, text in (
            ("pause", "nothing new is claimed; what is at work goes on"),
            ("drain", "pause, and note when the last order has ended"),
            ("resume", "claim again"),
        ):
            act = words.add_parser(word, help=text)
            act.add_argument("name", help="a queue, or with --provider a provider's alias")
            act.add_argument("--reason", required=True, help="why, for the history")
            ask_who(act)
            act.add_argument("--json", action="store_true", help="one JSON object")
            if word != "drain":
                act.add_argument("--provider", action="store_true", help="one provider alone")

        for word, text, choices in (
            ("move", "before or behind its user's other orders", (moving.FIRST, moving.LAST)),
            ("prioritise", "to another priority", PRIORITIES),
        ):
            act = words.add_parser(word, help=f"a waiting order, {text}")
            act.add_argument("task", help="task_…")
            act.add_argument("to", choices=choices)
            act.add_argument("--reason", required=True, help="why, for the task's story")
            ask_who(act)
            act.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is asked, then tell how the queues stand."""
        if options["word"] not in {None, "status"}:
            self.steer(options)
        found = describe()
        if options.get("json"):
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for name, facts in found["queues"].items():
            ended = f", drained at {facts['drained_at']}" if facts["drained_at"] else ""
            self.stdout.write(
                f"{name}: {facts['state']}, {facts['waiting']} wait, {facts['at_work']} at work{ended}"
            )
        for alias in found["paused_providers"]:
            self.stdout.write(f"provider {alias}: paused")

    def steer(self, options: dict[str, Any]) -> None:
        """Pause, drain or resume."""
        said = {"by": find_who(options["by"]), "reason": options["reason"].strip()}
        if not SHORTEST_REASON <= len(said["reason"]) <= LONGEST_REASON:
            raise CommandError(f"--reason: {SHORTEST_REASON} to {LONGEST_REASON} characters")
        if "task" in options:
            self.move(options, said)
            return
        if options.get("provider"):
            account = Account.objects.filter(alias=options["name"]).first()
            if account is None:
                raise CommandError(f"there is no provider {options['name']!r}")
            act = {"pause": steering.pause_account, "resume": steering.resume_account}
            act[options["word"]](account.pk, **said)
            return
        deeds = {"pause": steering.pause, "drain": steering.drain, "resume": steering.resume}
        try:
            deeds[options["word"]](options["name"], **said)
        except Problem as problem:
            raise CommandError(str(problem)) from problem

    def move(self, options: dict[str, Any], said: dict[str, str]) -> None:
        """Move a waiting order."""
        try:
            moving.move(from_wire(PREFIX, options["task"]), options["to"], **said)
        except Problem as problem:
            raise CommandError(str(problem)) from problem


def describe() -> dict[str, Any]:
    """Return how each queue stands, and which providers are paused."""
    states, waiting, at_work = read_states(), count_waiting(), count_at_work()
    rows = [states.get(name, Queue(name=name)) for name in steering.list_queues()]
    queues = {
        row.name: {
            "state": row.state,
            "waiting": waiting.get(row.name, 0),
            "at_work": at_work.get(row.name, 0),
            "drained_at": row.drained_at and row.drained_at.isoformat(),
        }
        for row in rows
    }
    return {"queues": queues, "paused_providers": list_paused_accounts()}
