"""`manage.py demo`: the whole hub, one picture through it, and what it cost."""

import io
import json
import mimetypes
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from genhub.demo.client import Answer, DemoClient
from genhub.demo.outcome import Outcome, show_addresses, show_outcome
from genhub.demo.visit import VisitedHub
from genhub.embedded.errors import HomeInUse, HubError, StopAsked
from genhub.embedded.hub import Hub, addresses, web_url
from genhub.embedded.secrets import note_told
from genhub.embedded.signals import StopSignals
from genhub.lib.commands import HubCommand
from storage import selectors

PROMPT = "a yellow star on a purple background"
PLATFORM, USER, GRANT = "demo", "alice", 100
POLL_SECONDS = 0.2
TASK_SECONDS = 300.0
ENDED = {"completed", "failed", "canceled"}


class Command(HubCommand):
    """Starts the hub, orders one picture like any app would, and shows what happened."""

    help = "Start the whole hub and make one picture through its API; Ctrl-C stops it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--prompt", default=PROMPT, help=f"what to draw (default: {PROMPT})")
        parser.add_argument("--seed", type=int, help="draws the same picture again")
        parser.add_argument("--once", action="store_true", help="stop after one picture")
        parser.add_argument("--json", action="store_true", help="end with one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the demo; the exit status says whether everything held."""
        with StopSignals() as signals:
            try:
                with self._open_hub(signals) as hub:
                    outcome = self._make_picture(hub, options["prompt"], options["seed"])
                    is_good = self._report(outcome, as_json=options["json"])
                    if not options["once"] and isinstance(hub, Hub):
                        self._say("GenHub stays up until Ctrl-C")
                        self._stay(hub)
            except StopAsked as asked:
                self._say("GenHub stopped before the picture was there")
                raise SystemExit(130) from asked
            except HubError as error:
                self._say(f"! {error}")
                self._say(f"! The logs are in {settings.HOME / 'log'}")
                raise SystemExit(1) from error
        if not is_good:
            raise SystemExit(1)

    @contextmanager
    def _open_hub(self, signals: StopSignals) -> Iterator[Hub | VisitedHub]:
        own = Hub(say=self._say, signals=signals)
        try:
            own.__enter__()
        except HomeInUse:
            visited = VisitedHub(say=self._say, signals=signals)
            visited.wait()
            yield visited
            return
        try:
            yield own
        finally:
            own.stop()
            self._say("GenHub stopped, nothing is left running")

    def _stay(self, hub: Hub) -> None:
        try:
            hub.run()
        except StopAsked:
            return

    def _make_picture(self, hub: Hub | VisitedHub, prompt: str, seed: int | None) -> Outcome:
        key = self._last_line("issue_key", PLATFORM, user=USER, grant=GRANT)["key"]
        with DemoClient(web_url(), key) as client:
            before = client.credits()
            began = time.monotonic()
            accepted = client.submit(prompt, seed)
            task = self._follow(hub, client, accepted)
            seconds = time.monotonic() - began
            if task["status"] != "completed":
                error = task.get("error") or {}
                reason = f"{error.get('message', 'no reason given')} ({error.get('code', '-')})"
                raise HubError(f"the task {task['id']} ended {task['status']}: {reason}")
            picture = task["result"]["images"][0]
            link = client.link(picture["id"])
            path = selectors.local_path(picture["id"]) or self._keep(client, picture, link)
            return Outcome(
                prompt=prompt,
                key=key,
                task=task,
                link=link,
                path=path,
                seconds=seconds,
                credits_before=before["available"],
                credits_held=accepted["credits"]["held"],
                credits_after=client.credits()["available"],
                audit_ok=self._audit(),
            )

    def _follow(self, hub: Hub | VisitedHub, client: DemoClient, task: Answer) -> Answer:
        give_up_at = time.monotonic() + TASK_SECONDS
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<11}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
        )
        console = Console(stderr=True)
        is_seen = console.is_terminal
        with Progress(*columns, console=console, transient=True, disable=not is_seen) as progress:
            bar = progress.add_task(task["status"], total=1.0)
            while task["status"] not in ENDED:
                if time.monotonic() > give_up_at:
                    raise HubError(f"the task {task['id']} took more than {TASK_SECONDS:.0f} s")
                hub.tend()
                time.sleep(POLL_SECONDS)
                task = client.task(task["id"])
                done = task.get("progress") or 0.0
                progress.update(bar, description=task["status"], completed=done)
        return task

    def _keep(self, client: DemoClient, picture: Answer, link: str) -> Path:
        """Fetch a picture that lives in a bucket, so that there is a file to look at."""
        extension = mimetypes.guess_extension(picture["content_type"], strict=False) or ""
        path: Path = settings.HOME / "pictures" / f"{picture['id']}{extension}"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_bytes(client.download(link))
        return path

    def _audit(self) -> bool:
        try:
            return bool(self._last_line("audit")["ok"])
        except (CommandError, SystemExit) as error:
            self._say(f"! {error}")
            return False

    def _last_line(self, command: str, *args: str, **options: Any) -> Answer:
        out = io.StringIO()
        try:
            call_command(command, *args, json=True, stdout=out, stderr=self.stderr, **options)
        finally:
            self._let_go_of_database()
        answer: Answer = json.loads(out.getvalue().strip().splitlines()[-1])
        return answer

    def _let_go_of_database(self) -> None:
        for connection in connections.all(initialized_only=True):
            connection.close()
            if isinstance(connection, DatabaseWrapper):
                connection.close_pool()

    def _report(self, outcome: Outcome, *, as_json: bool) -> bool:
        faults = outcome.faults()
        for fault in faults:
            self._say(f"! {fault}")
        console = Console(stderr=as_json)
        show_outcome(outcome, console)
        show_addresses(addresses(), outcome.key, console)
        note_told(settings.HOME)
        if as_json:
            self.stdout.write(outcome.as_json())
            self.stdout.flush()
        return not faults

    def _say(self, line: str) -> None:
        self.stderr.write(line, str)
        self.stderr.flush()
