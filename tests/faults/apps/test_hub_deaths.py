"""Web, events process, PostgreSQL and worker of a whole hub are killed under an app that follows."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded.hubs import Customer, HubProcess, database_pid
from tests.faults.apps.app import App
from tests.faults.processes import COUNT, wait_until
from tests.faults.test_deaths import submit_again_until_taken

pytestmark = [pytest.mark.timeout(3600), pytest.mark.xdist_group("processes")]
RECOVERY_SECONDS = 90
ENDS = {"task.completed", "task.failed", "task.canceled"}
Find = Callable[[HubProcess], int | None]
PARTS: dict[str, Find] = {
    "web": lambda hub: hub.child("genhub.front"),
    "events": lambda hub: hub.child("genhub.live"),
    "postgresql": database_pid,
    "worker": lambda hub: hub.child("--queues=local"),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    hub = HubProcess(
        tmp_path_factory.mktemp("apps") / "home",
        settings={"REAP_SECONDS": "1", "SWEEP_SECONDS": "2"},
    )
    try:
        hub.start()
        yield hub
    finally:
        hub.kill()


@pytest.mark.parametrize("part", PARTS)
def test_no_event_is_lost_or_doubled(hub: HubProcess, part: str, tmp_path: Path) -> None:
    customer = Customer(hub, part, 2 * COUNT)
    app = App(hub.port, customer.key)
    try:
        wait_until(app.has_begun, 60, "the first visit")
        tasks = []
        for turn in range(COUNT):
            tasks.append(customer.submit(2 * turn))
            wait_until(lambda: customer.is_in_mid_step(tasks[-1]), 60, "the first steps")
            pid = PARTS[part](hub)
            assert pid
            os.kill(pid, signal.SIGKILL)
            tasks.append(submit_again_until_taken(customer, 2 * turn + 1))
            wait_until(lambda: ended(app) == set(tasks), RECOVERY_SECONDS, "the ends")
    finally:
        app.leave()
    assert [(each.id, each.name) for each in app.heard] == [
        (each.id, each.name) for each in app.replay()
    ]
    places = [int(each.id) for each in app.heard]
    assert places == sorted(set(places))
    for name in ("task.submitted", "task.completed"):
        told = [each.data["task_id"] for each in app.heard if each.name == name]
        assert sorted(told) == sorted(tasks)


def ended(app: App) -> set[str]:
    return {each.data["task_id"] for each in app.kept() if each.name in ENDS}
