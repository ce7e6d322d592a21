"""Web, loops, worker, broker and database of a whole hub are killed while clips wait at their vendor: each is created
once, nothing is lost, and each is paid for once."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.embedded.hubs import Customer, HubProcess, database_pid
from tests.faults.processes import COUNT, wait_until
from tests.faults.test_deaths import FAST, RECOVERY_SECONDS, broker_pid, kill
from tests.faults.video.studio import MODEL
from tests.patience import slowness
from tests.providers.vendors.clips import file_reply
from tests.providers.vendors.server import Asked, Reply, Server

pytestmark = [pytest.mark.timeout(3600), pytest.mark.xdist_group("processes")]
CLIPS, PRICE = 4 * COUNT, 50
# Each of the parts in turn.
KILLS = 2 * COUNT
PARTS: tuple[Callable[[HubProcess], int | None], ...] = (
    lambda hub: hub.child("--queues=remote"),
    lambda hub: hub.child("genhub.front"),
    lambda hub: hub.child("manage loops"),
    broker_pid,
    database_pid,
)
OPEN_STUDIO = """
from types import SimpleNamespace
from tests.faults.video.studio import open_studio
open_studio(SimpleNamespace(url={url!r}))
"""


class Studio:
    """A vendor that works on each clip until it is told to be done."""

    def __init__(self) -> None:
        self.server = Server(self.respond)
        self.is_done = False
        self.prompts: dict[str, str] = {}
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Reply:
        """Answer as the vendor."""
        if asked.method == "POST":
            with self._lock:
                job = f"job-{len(self.prompts)}"
                self.prompts[job] = asked.json["prompt"]
            return Reply(body={"task_id": job})
        if asked.path.startswith("/files/"):
            return file_reply()
        job = asked.path.rpartition("/")[2]
        told = {"status": "running", "progress": 0.5}
        if self.is_done:
            told = {"status": "completed", "result_url": f"{self.server.url}/files/{job}.mp4"}
        return Reply(body={"task_id": job, **told})

    def polled(self, since: int = 0) -> set[str]:
        """Return which clips were asked for after so many requests."""
        paths = (asked.path for asked in self.server.asked[since:] if asked.method == "GET")
        return {path.rpartition("/")[2] for path in paths} & {*self.prompts}


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio()
    with made.server.running():
        yield made


@pytest.fixture
def hub(studio: Studio, tmp_path: Path) -> Iterator[HubProcess]:
    lease = {"LEASE_SECONDS": str(math.ceil(4 * slowness()))}
    settings = {**FAST, **lease, "PRIVATE_HOSTS": "127.0.0.1"}
    hub = HubProcess(tmp_path / "home", settings=settings)
    try:
        hub.start()
        hub.shell(OPEN_STUDIO.format(url=studio.server.url))
        yield hub
    finally:
        hub.kill()
    assert hub.processes() == []


def order(customer: Customer, number: int) -> str:
    """Order a clip of its own prompt, and return its task's id."""
    words = {"type": "video", "model": MODEL, "prompt": f"clip {number}"}
    answer = customer.client.post("/generate", json=words)
    assert answer.status_code == 202, json.dumps(answer.json())
    task_id: str = answer.json()["id"]
    return task_id


def is_well(customer: Customer) -> bool:
    """Return whether the hub answers."""
    try:
        return customer.client.get("/credits").status_code == 200
    except httpx2.HTTPError:
        return False


def test_parts_die_while_clips_wait_and_each_is_created_once(
    hub: HubProcess, studio: Studio
) -> None:
    customer = Customer(hub, "dora", CLIPS * PRICE // 10)
    tasks = [order(customer, number) for number in range(CLIPS)]
    # A worker that dies before it has kept a vendor's id leaves an order in doubt: that is tried elsewhere.
    wait_until(lambda: len(studio.polled()) == CLIPS, 120, "a poll of each clip")
    for turn in range(KILLS):
        asked = len(studio.server.asked)
        kill(PARTS[turn % len(PARTS)](hub))
        deaths = turn + 1
        wait_until(
            lambda: hub.said().count("was killed by SIGKILL") == deaths,  # noqa: B023
            RECOVERY_SECONDS,
            "that its death was seen",
        )
        wait_until(lambda: is_well(customer), RECOVERY_SECONDS, "an answer of the hub")
        wait_until(
            lambda: len(studio.polled(asked)) == CLIPS,  # noqa: B023
            2 * RECOVERY_SECONDS,
            "a poll of each clip after a death",
        )
    studio.is_done = True
    wait_until(lambda: all(map(customer.has_ended, tasks)), 600, "the clips")
    assert sorted(studio.prompts.values()) == sorted(f"clip {number}" for number in range(CLIPS))
    for task_id in tasks:
        credits = customer.read(task_id)["credits"]
        assert (credits["captured"], credits["held"]) == (PRICE, 0)
    balance = customer.client.get("/credits").json()
    assert (balance["available"], balance["held"]) == (0, 0)
    assert hub.run_json("audit")["ok"] is True
