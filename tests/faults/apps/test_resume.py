"""The web server and the events process are killed under an app that follows: it hears each event once."""

import itertools
import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life.attempt_ends import complete
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Event
from generation.selectors.events import NAMES
from tests.api.refusals import header_of
from tests.faults.apps.app import App
from tests.faults.processes import COUNT, running, wait_until
from tests.front.web import HOST, is_listening
from tests.live.streams import serving_events
from tests.ports import free_port
from tests.steps import claim, collect, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
ROUNDS = COUNT or 1


class Processes:
    """Both processes at ports that stay the same, however often they die."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"{HOST}:{free_port()}"
        self.stacks = {"web": ExitStack(), "events": ExitStack()}
        self.alive: dict[str, Any] = {}

    def start(self, name: str) -> None:
        log = self.folder / f"{name}.log"
        if name == "events":
            process = self.stacks[name].enter_context(serving_events(log, self.address))
        else:
            words = ("-m", "genhub.front", f"--port={self.port}")
            web = running(log, *words, EVENTS_ADDRESS=self.address)
            process = self.stacks[name].enter_context(web)
            wait_until(lambda: is_listening(self.port), 120, "web's start")
        self.alive[name] = process

    def stop(self, name: str) -> None:
        self.stacks[name].close()

    def kill(self, name: str) -> None:
        os.kill(self.alive[name].pid, signal.SIGKILL)
        self.alive[name].wait()
        self.stacks[name].close()
        self.stacks[name] = ExitStack()


@pytest.mark.timeout(1800)
def test_an_app_that_comes_again_hears_each_event_once(
    alice: APIClient, rich: Any, stub: Account, tmp_path: Path
) -> None:
    rich("alice", 1000)
    processes = Processes(tmp_path)
    key = header_of(alice)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    with ExitStack() as stack:
        for name in processes.stacks:
            processes.start(name)
            stack.callback(processes.stop, name)
        app = App(processes.port, key)
        stack.callback(app.leave)
        wait_until(app.has_begun, 60, "the first visit")
        for _, name in itertools.product(range(ROUNDS), processes.stacks):
            submit(alice)
            done = claim()
            processes.kill(name)
            # These it can only hear afterwards.
            complete(done, collect(done))
            cancel_task(submit(alice).pk)
            processes.start(name)
            submit(alice)
            wait_until(lambda: len(app.kept()) >= count_told(), 60, "what was missed")
            cancel_task(claim().task_id)
        wait_until(lambda: len(app.kept()) >= count_told(), 60, "the last events")
        app.leave()
        heard = [(int(each.id), each.name) for each in app.heard]
        told = Event.objects.filter(kind__in=NAMES).order_by("position")
        assert heard == [(row.position, NAMES[Event.Kind(row.kind)]) for row in told]
        assert app.visits == 2 * ROUNDS + 1


def count_told() -> int:
    return Event.objects.filter(kind__in=NAMES).count()
