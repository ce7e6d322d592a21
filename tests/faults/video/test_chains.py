"""Workers killed in each step of a chain: what was done is not made again, and the step at hand is created once."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Attempt, Task
from generation.providers import registry
from genhub.lib.ids import from_wire
from templates.services import create_template, publish
from tests.faults.processes import COUNT, wait_until
from tests.faults.providers import slow_vendor
from tests.faults.providers.test_kills import START_SECONDS, kill, working
from tests.faults.providers.vendor import MODEL as PICTURES
from tests.faults.providers.vendor import Vendor, check, let_time_pass, open_account, work
from tests.faults.video.studio import MODEL as CLIPS
from tests.faults.video.studio import Studio, done, told
from tests.providers.vendors.contract import b64
from tests.providers.vendors.server import Asked, Reply
from tests.steps import die
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
]
ROUNDS = COUNT or 1


class House(Studio):
    """The vendor of both steps: of a picture, which is polled for, and of a clip that begins with it."""

    is_drawn = False

    def respond(self, asked: Asked) -> Reply:
        """Answer as this vendor does."""
        if "/jobs" not in asked.path:
            return super().respond(asked)
        if asked.method == "POST":
            return Reply(body={"id": "job-1", "status": "queued"})
        status = "done" if self.is_drawn else "running"
        return Reply(body={"id": "job-1", "status": status, "picture": b64()})


@pytest.fixture
def chain(vendor: Vendor, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template of a picture, and a clip of it."""
    monkeypatch.setitem(registry.ADAPTERS, slow_vendor.NAME, slow_vendor.PATH)
    account.offers.update(
        unsupported=["seed", "steps", "cfg_scale", "negative_prompt", "audio", "strength"]
    )
    open_account(vendor, "pictures", adapter=slow_vendor.NAME)
    clip = {"prompt": "it turns", "media_type": "video", "settings": {"model": CLIPS}}
    words: dict[str, Any] = {
        "name": "Turning",
        "prompt": "a star",
        "settings": {"model": PICTURES},
        "chain": [clip],
    }
    publish(create_template("turning", **words), actor="designer")


def order(client: APIClient) -> Task:
    """Order the chain."""
    answer = client.post("/api/v1/generate", {"template": "turning"}, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def kill_a_worker(vendor: Vendor, folder: Path, creates: int) -> None:
    """Kill a worker once it has asked for what so many creates have begun; another one takes its order over."""
    polls = vendor.count("GET")
    with working(folder) as pid:
        wait_until(
            lambda: vendor.count("POST") == creates and vendor.count("GET") > polls,
            START_SECONDS,
            "a poll after the create",
        )
        kill(pid)
    die()
    let_time_pass()


@pytest.mark.usefixtures("chain")
def test_worker_is_killed_in_each_step(
    dora: APIClient, vendor: Vendor, local: Path, tmp_path: Path
) -> None:
    house = House(vendor, told("running", progress=0.5))
    for number in range(ROUNDS):
        house.is_drawn, house.answers = False, [told("running", progress=0.5)]
        task = order(dora)
        kill_a_worker(vendor, tmp_path, 2 * number + 1)
        check(vendor, task, state="processing", captured=0, billed=2 * number + 1)
        house.is_drawn = True
        assert work() == ["step_done", "waiting"]
        kill_a_worker(vendor, tmp_path, 2 * number + 2)
        house.answers = [done(vendor)]
        let_time_pass()
        work()
        check(vendor, task, state="completed", captured=60, billed=2 * number + 2)
        steps = Attempt.objects.filter(task=task).order_by("number").values_list("step", "state")
        assert list(steps) == [(1, "succeeded"), (2, "succeeded")]
        clip = next(asked for asked in reversed(vendor.asked) if asked.path.endswith("/generate"))
        assert "image" in clip.json
